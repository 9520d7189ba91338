"""What this organisation has signed, as the chains tell: asked for at a daemon's start, before it signs anything.

A keystore that was restored from an old backup does not know what was signed since. Each own attestation that it lacks
binds it again: to the content whose head was attested, or, where no content that this node can compute has that head,
to none at all. Two contents for one sequence are then impossible, whatever the private chain says today.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from orchestrator.chain.public_events import Anchored, read_anchored
from orchestrator.chain.reader import Attestation, read_attestations
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_content_digest, head_of
from orchestrator.daemon.access import Access
from orchestrator.daemon.view import look, tasks_of
from orchestrator.errors import ProtocolError
from orchestrator.ledger.checkpoint import CheckpointContent
from orchestrator.ledger.entities import Due, Members
from orchestrator.ledger.view import Ledger
from orchestrator.types import ZERO_DIGEST, Digest

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a recall found.

    Attributes:
        learnt: sequences whose content was learnt from the chains. unclear: those of which only the head is known; they
            are never signed again, not even for a newer epoch.
    """

    learnt: tuple[int, ...] = ()
    unclear: tuple[int, ...] = ()


def recall_own_signatures(access: Access) -> Recalled:
    """Let every own attestation on the chains bind the keystore. Costs little where it knows them all.

    Raises:
        ChainError, StorageError: not everything could be looked up; a restored keystore signs nothing until it could.
    """
    found = Recalled()
    missing = [item for item in _own(access) if _known(access, item.sequence) is None]
    if missing or not access.keystore.recalled:
        anchored = _anchored(access)
        contents = _matched(access, missing, anchored) if missing else {}
        found = _bind(access, missing, anchored, contents)
    access.keystore.finish_recall()
    return found


def _own(access: Access) -> list[Attestation]:
    """Up to the newest block: what is not final yet may become so."""
    chain, first = access.private.rounds.chain, access.private.deployment.first_block
    attested = read_attestations(chain, access.private, first, chain.block_number())
    return [item for item in attested if item.organisation == access.me]


def _anchored(access: Access) -> list[Anchored]:
    chain, first = access.public.anchor.chain, access.public.deployment.first_block
    return list(read_anchored(chain, access.public, first, chain.block_number()))


def _bind(
    access: Access, missing: Sequence[Attestation], anchored: Sequence[Anchored], contents: Mapping[Digest, Digest]
) -> Recalled:
    learnt, unclear = set(), set()
    for item in anchored:  # a quorum signed it: nobody honest signs another one
        if _known(access, item.sequence) is None:
            _recall(access, item.sequence, checkpoint_content_digest(item.checkpoint))
            learnt.add(item.sequence)
    for attestation in missing:
        content = contents.get(attestation.head)
        if content is None and _known(access, attestation.sequence) is None:
            # a head is the hash of no content, so that this refuses every one
            _recall(access, attestation.sequence, attestation.head)
            unclear.add(attestation.sequence)
            _log.warning(
                "checkpoint %s was attested as %s, which does not follow from the records: it is not signed again",
                attestation.sequence,
                attestation.head,
            )
        elif content is not None and _known(access, attestation.sequence) in (None, content):
            _recall(access, attestation.sequence, content)
            learnt.add(attestation.sequence)
        elif content is not None:
            _log.error("checkpoint %s was attested with two contents", attestation.sequence)
    return Recalled(tuple(sorted(learnt)), tuple(sorted(unclear)))


def _known(access: Access, sequence: int) -> Digest | None:
    anchor = access.public.anchor
    return access.keystore.signed_content(chain_id=anchor.chain.chain_id, anchor=anchor.address, sequence=sequence)


def _recall(access: Access, sequence: int, content: Digest) -> None:
    anchor = access.public.anchor
    access.keystore.recall_checkpoint(
        chain_id=anchor.chain.chain_id, anchor=anchor.address, sequence=sequence, content=content
    )


def _matched(access: Access, missing: Sequence[Attestation], anchored: Sequence[Anchored]) -> dict[Digest, Digest]:
    """Contents by the heads that were attested: of anchored checkpoints, else of what follows from the records."""
    matched = {item.head: checkpoint_content_digest(item.checkpoint) for item in anchored}
    wanted = [item for item in missing if item.head not in matched]
    if wanted:
        ledger = look(access.private, block=access.private.rounds.chain.block_number()).ledger
        dues = {due.sequence: due for due in ledger.state.due}
        contents = _contents(access, ledger, [dues[item.sequence] for item in wanted if item.sequence in dues])
        matched |= matching(wanted, contents, [item.head for item in anchored], _memberships(ledger, wanted))
    return matched


def _contents(access: Access, ledger: Ledger, dues: Iterable[Due]) -> dict[int, CheckpointContent]:
    tasks, found = tasks_of(ledger.state, access.store), {}
    for due in dues:
        block_hash = access.private.rounds.chain.block(due.block).hash
        try:
            found[due.sequence] = ledger.checkpoint_content(due, block_hash, tasks)
        except ProtocolError as error:
            _log.warning("checkpoint %s cannot be recomputed: %s", due.sequence, error)
    return found


def _memberships(ledger: Ledger, wanted: Iterable[Attestation]) -> list[Members]:
    """Those under which the attestations were made: each just before and after its block."""
    return [ledger.state_at(block).members for item in wanted for block in (item.block - 1, item.block)]


def matching(
    attestations: Iterable[Attestation],
    contents: Mapping[int, CheckpointContent],
    anchored: Collection[Digest],
    memberships: Sequence[Members],
) -> dict[Digest, Digest]:
    """Contents by attested heads, of the contents that together with some previous head and membership make them.

    Args:
        contents: what the records give, by sequence. anchored: heads that a checkpoint may follow on.
        memberships: under which one may have been signed.
    """
    found: dict[Digest, Digest] = {}
    for item in attestations:
        content = contents.get(item.sequence)
        if content is not None and item.head in _heads(content, anchored, memberships):
            unsigned = content.checkpoint(previous_head=ZERO_DIGEST, consortium_digest=ZERO_DIGEST, epoch=0)
            found[item.head] = checkpoint_content_digest(unsigned)
    return found


def _heads(
    content: CheckpointContent, anchored: Collection[Digest], memberships: Sequence[Members]
) -> Iterator[Digest]:
    for previous, members in product((GENESIS_HEAD, *anchored), memberships):
        yield head_of(
            content.checkpoint(previous_head=previous, consortium_digest=members.consortium_digest, epoch=members.epoch)
        )
