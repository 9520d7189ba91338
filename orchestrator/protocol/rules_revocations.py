"""What a member wants to do about revocations, step by step."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.ledger.entities import Revocation
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState


def revocation_rules(state: NodeState) -> Iterator[fx.Effect]:
    """Affected, replaced, verified, certified, shredded: each step when the one before is on the chain."""
    if state.me not in state.ledger.members.seats:
        return
    for revocation in state.ledger.revocations.values():
        if revocation.effective is not None and not revocation.shredded:
            yield from _next_step(state, revocation)


def _next_step(state: NodeState, revocation: Revocation) -> Iterator[fx.Effect]:
    request = revocation.id
    if revocation.certificate is not None:
        if state.me not in revocation.receipts and _certificate_anchored(state, revocation):
            yield fx.ShredUpdates(request)
    elif revocation.affected is None:
        if state.clock is None:
            yield fx.RecordAffected(request)
    elif revocation.replacement is None:
        if state.clock is None:
            yield fx.RecordReplacement(request)
    elif state.me not in revocation.verifications and request not in state.verified:
        measure = fx.MeasureRevocation(request)
        yield fx.RecordVerification(request) if measure.id in state.done else measure
    elif request in state.verified and state.me not in revocation.endorsements:
        yield fx.EndorseCertificate(request)


def _certificate_anchored(state: NodeState, revocation: Revocation) -> bool:
    """Shredding waits until the certificate is covered by a checkpoint of the public chain."""
    return any(
        str(due.subject) == str(revocation.id) and due.sequence <= state.last_anchored for due in state.ledger.due
    )
