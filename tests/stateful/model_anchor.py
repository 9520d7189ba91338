"""Reference model of the CheckpointAnchor."""

from __future__ import annotations

from collections.abc import Sequence

from stateful.model_members import MembersModel, check_ascending
from stateful.refusals import refuse

from orchestrator.commitment.checkpoints import checkpoint_content_digest, head_of
from orchestrator.ledger.checkpoint import GENESIS, Checkpoint
from orchestrator.types import Address, OrganisationId


class AnchorModel:
    """``chain`` are the anchored checkpoints, the all-zero one first; the last one's hash is the head."""

    def __init__(self, members: MembersModel, private_chain_id: int) -> None:
        self.members = members
        self.private_chain_id = private_chain_id
        self.chain = [GENESIS]
        self.equivocated: set[tuple[int, OrganisationId]] = set()

    def anchor(self, previous: Checkpoint, following: Checkpoint, signers: Sequence[Address]) -> None:
        head, given = head_of(self.chain[-1]), head_of(previous)
        refuse(given != head, "CheckpointAnchorStale", head, given)
        self._check_succession(following)
        self._check_consortium(following)
        quorum = self.members.quorum
        refuse(len(signers) < quorum, "CheckpointAnchorQuorumMissed", len(signers), quorum)
        check_ascending(signers)
        self.members.delegate_bitmap(signers)
        self.chain.append(following)

    def _check_succession(self, following: Checkpoint) -> None:
        last = self.chain[-1]
        head, sequence = head_of(last), last.sequence + 1
        named = following.previous_head
        refuse(named != head, "CheckpointAnchorWrongPreviousHead", head, named)
        refuse(following.sequence != sequence, "CheckpointAnchorWrongSequence", following.sequence, sequence)
        size, block = following.tree_size, following.private_block
        refuse(size < last.tree_size, "CheckpointAnchorTreeShrank", last.tree_size, size)
        refuse(block < last.private_block, "CheckpointAnchorBlockFell", last.private_block, block)
        chain_id = following.private_chain_id
        refuse(chain_id != self.private_chain_id, "CheckpointAnchorWrongChain", chain_id, self.private_chain_id)

    def _check_consortium(self, following: Checkpoint) -> None:
        epoch, digest = self.members.epoch, self.members.digest
        refuse(following.epoch != epoch, "CheckpointAnchorWrongEpoch", following.epoch, epoch)
        named = following.consortium_digest
        refuse(named != digest, "CheckpointAnchorWrongConsortium", named, digest)
        refuse(self.members.paused, "CheckpointAnchorPaused")

    def prove(self, a: Checkpoint, b: Checkpoint, signer_a: Address, signer_b: Address) -> None:
        same = checkpoint_content_digest(a) == checkpoint_content_digest(b)
        fits = a.sequence == b.sequence and not same
        refuse(not fits, "CheckpointAnchorNotEquivocation", a.sequence, b.sequence)
        first, second = (self.members.former.get(signer, OrganisationId("")) for signer in (signer_a, signer_b))
        one_member = first == second and first != ""
        refuse(not one_member, "CheckpointAnchorNotOneMember", _word(first), _word(second))
        known = (a.sequence, first) in self.equivocated
        refuse(known, "CheckpointAnchorAlreadyProven", a.sequence, first)
        self.equivocated.add((a.sequence, first))


def _word(organisation: OrganisationId) -> OrganisationId | bytes:
    """The name, or the zero word where there is none."""
    return organisation or bytes(32)
