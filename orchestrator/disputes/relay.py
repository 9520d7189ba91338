"""Anchoring by hand: the next checkpoint with the signatures that members have posted, where no daemon relays it."""

from __future__ import annotations

from orchestrator.chain.contracts import PublicContracts
from orchestrator.chain.proxy import Call
from orchestrator.commitment.checkpoints import head_of
from orchestrator.disputes.checkpoint_status import Pending, Status
from orchestrator.errors import ProtocolError
from orchestrator.types import Address


def next_pending(status: Status) -> Pending | None:
    """The checkpoint that is to be anchored now; None where all are."""
    return status.pending[0] if status.pending else None


def anchoring(public: PublicContracts, status: Status, sequence: int) -> Call:
    """The call that anchors that checkpoint.

    Raises:
        ProtocolError: somebody else was faster, too few signatures count, the two Consortium contracts differ, or the
            consortium is paused. An error of the recomputation is raised as it was.
    """
    pending = next_pending(status)
    if pending is None or pending.point.due.sequence != sequence:
        raise ProtocolError(f"checkpoint {sequence} was anchored by somebody else just now")
    if status.drift:
        raise ProtocolError(f"the two Consortium contracts differ: {status.drift[0].words}", mend=status.drift[0].mend)
    if public.consortium.paused():
        raise ProtocolError("the consortium is paused, so that nothing is anchored", mend="see `loranchor consortium`")
    pending.point.require()
    assert pending.checkpoint is not None  # the next one follows from the head
    if pending.signed < pending.quorum:
        odd = [f"{name} signed {item.problem}" for name, item in pending.attested.items() if item.problem]
        raise ProtocolError(
            f"checkpoint {sequence} has {pending.signed} of {pending.quorum} signatures of head"
            f" {head_of(pending.checkpoint)}; missing: {', '.join(pending.missing)}",
            mend="; ".join(odd) or "their daemons sign what they recompute: are they up?",
        )
    return public.anchor.anchor(status.view.last, pending.checkpoint, _signatures(public, pending))


def _signatures(public: PublicContracts, pending: Pending) -> list[bytes]:
    """A quorum of them, in the contract's order: more would only cost gas."""
    delegates = {member.organisation: member.delegate for member in public.consortium.members()}
    good: dict[Address, bytes] = {
        delegates[name]: item.signature
        for name, item in pending.attested.items()
        if not item.problem and name in delegates
    }
    return [signature for _, signature in sorted(good.items())][: pending.quorum]
