"""What a member wants to do about revocations, step by step."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.ledger.entities import Revocation
from orchestrator.protocol import effects as fx
from orchestrator.protocol.rules_settling import settling_rules
from orchestrator.protocol.state import NodeState
from orchestrator.types import OrganisationId


def revocation_rules(state: NodeState) -> Iterator[fx.Effect]:
    """Affected, replaced, verified, certified, shredded: each step when the one before is on the chain.

    All modes go the same way: what each takes out follows from the records. Rounds that a ``replay`` has trained again,
    and those in which a ``heal`` recovers, are ordinary ones, and no step waits for them.
    """
    if state.me not in state.ledger.members.seats:
        return
    for revocation in state.ledger.revocations.values():
        if revocation.shredded:
            continue
        yield from settling_rules(state, revocation)
        if revocation.effective is not None:
            yield from _next_step(state, revocation)


def _next_step(state: NodeState, revocation: Revocation) -> Iterator[fx.Effect]:
    request = revocation.id
    if revocation.certificate is not None:
        if state.me not in revocation.receipts and _certificate_anchored(state, revocation):
            yield fx.ShredUpdates(request)
    elif (record := _to_record(state, revocation)) is not None:
        if state.clock is None:
            yield record
    elif state.me not in revocation.verifications and request not in state.verified:
        measure = fx.MeasureRevocation(request)
        yield fx.RecordVerification(request) if measure.id in state.done else measure
    elif request in state.verified and state.me not in revocation.endorsements:
        yield fx.EndorseCertificate(request)
    elif request in state.stale_endorsements:
        yield fx.RenewEndorsement(request)


def _to_record(state: NodeState, revocation: Revocation) -> fx.RecordAffected | fx.RecordReplacement | None:
    """What nobody has recorded yet, or somebody has recorded wrong.

    Figures wait for a correction, but only where this member can make it now: a wrong record is in the way of nobody's
    certificate, since that is made from the outcome that each member computes.
    """
    affected, replacement = fx.RecordAffected(revocation.id), fx.RecordReplacement(revocation.id)
    if revocation.affected is None:
        return affected
    if revocation.id in state.affected_wrong and _correctable(state, revocation.affected_by, affected):
        return affected
    if revocation.replacement is None:
        return replacement
    if revocation.id in state.replacement_wrong and _correctable(state, revocation.replaced_by, replacement):
        return replacement
    return None


def _correctable(
    state: NodeState, recorders: frozenset[OrganisationId], record: fx.RecordAffected | fx.RecordReplacement
) -> bool:
    """Each member records once, between rounds, and until the contract counts the request as verified."""
    possible = state.clock is None and record.request_id not in state.verified
    return possible and state.me not in recorders and not (record.id in state.done or state.gave_up(record.id))


def _certificate_anchored(state: NodeState, revocation: Revocation) -> bool:
    """Shredding waits until the certificate is covered by a checkpoint of the public chain."""
    return any(
        str(due.subject) == str(revocation.id) and due.sequence <= state.last_anchored for due in state.ledger.due
    )
