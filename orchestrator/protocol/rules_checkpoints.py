"""What a member wants to do about checkpoints and the awards they carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
from orchestrator.types import ZERO_DIGEST, Digest


def checkpoint_rules(state: NodeState) -> Iterator[fx.Effect]:
    """Sign the next checkpoint that is due; relay it when a quorum has signed the same head."""
    sequence = state.last_anchored + 1
    if state.me not in state.ledger.members.seats or len(state.ledger.due) < sequence:
        return
    posted = state.attestations.get(sequence, {})
    mine = posted.get(state.me)
    if mine is None or mine.epoch != state.ledger.members.epoch:
        yield fx.AttestCheckpoint(sequence, state.ledger.members.epoch)
    if agreed_head(state, sequence) is not None:
        yield fx.RelayCheckpoint(sequence)


def agreed_head(state: NodeState, sequence: int) -> Digest | None:
    """The head that a quorum of current members has signed, if any."""
    members = state.ledger.members
    posted = state.attestations.get(sequence, {})
    heads = Counter(
        attestation.head
        for organisation, attestation in posted.items()
        if organisation in members.seats and attestation.epoch == members.epoch
    )
    head, count = max(heads.items(), key=lambda item: item[1], default=(ZERO_DIGEST, 0))
    return head if members.quorum and count >= members.quorum else None


def award_rules(state: NodeState) -> Iterator[fx.Effect]:
    """Carry the awards of anchored checkpoints to the distributor, and claim one's own when the window is over."""
    for sequence, anchored in state.anchored.items():
        if anchored.checkpoint.awards_root == ZERO_DIGEST:
            continue
        if sequence not in state.claimable:
            if state.me in state.ledger.members.seats:
                yield fx.PublishAwards(sequence)
        elif state.public_block >= state.claimable[sequence]:
            for index in state.own_awards.get(sequence, ()):
                if (sequence, index) not in state.claimed:
                    yield fx.ClaimAward(sequence, index)
