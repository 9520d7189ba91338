"""Fold of the RevocationLedger's records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from orchestrator.ledger.entities import (
    Due,
    Endorsement,
    LedgerState,
    Mode,
    Reason,
    Revocation,
    ShredReceipt,
    Verification,
)
from orchestrator.ledger.records import Record
from orchestrator.ledger.rules import contradiction, demand, put, revocation_of
from orchestrator.ledger.schema import integer
from orchestrator.types import Cid, Digest, OrganisationId, RequestId, UpdateId

MODES = tuple(Mode)


def revocation_requested(state: LedgerState, record: Record) -> LedgerState:
    fields = record.fields
    request_id, updates = RequestId(fields["request_id"]), tuple(UpdateId(item) for item in fields["updates"])
    demand(request_id not in state.revocations, record, f"request {request_id} was made before")
    demand(bool(updates) and len(set(updates)) == len(updates), record, "it names no update, or one twice")
    demand(fields["mode"] < len(MODES), record, f"{fields['mode']} is no mode")
    if unknown := [item for item in updates if item not in state.updates]:
        contradiction(record, f"no update {unknown[0]}")
    _check_free(state, record, updates)
    revocation = Revocation(
        id=request_id,
        organisation=OrganisationId(fields["organisation"]),
        reason=fields["reason"],
        mode=MODES[fields["mode"]],
        urgent=fields["urgent"],
        updates=updates,
        request_digest=Digest(fields["request_digest"]),
        requested=record.position,
    )
    return _stored(state, revocation)


def revocation_supported(state: LedgerState, record: Record) -> LedgerState:
    revocation, organisation = revocation_of(state, record), OrganisationId(record.fields["organisation"])
    return _stored(state, replace(revocation, supporters=revocation.supporters | {organisation}))


def revocation_approved(state: LedgerState, record: Record) -> LedgerState:
    revocation = revocation_of(state, record)
    demand(revocation.approved is None, record, "it was approved before")
    _check_free(state, record, revocation.updates)
    supporters = supporting(state, revocation)
    demand(record.fields["supporters"] == len(supporters), record, f"{len(supporters)} members support it")
    own = all(state.updates[item].organisation == revocation.organisation for item in revocation.updates)
    demand(own or len(supporters) >= state.members.quorum, record, f"only {len(supporters)} members support it")
    effective = record.position if state.open_round is None else None
    approved = replace(revocation, approved=record.position, void_round=state.open_round, effective=effective)
    return _stored(state, approved)


def updates_affected(state: LedgerState, record: Record) -> LedgerState:
    revocation, organisation = _effective(state, record), OrganisationId(record.fields["organisation"])
    _check_claim(record, revocation, organisation in revocation.affected_by)
    affected = tuple(UpdateId(item) for item in record.fields["descendants"])
    recorders = revocation.affected_by | {organisation}
    return _stored(state, replace(revocation, affected=affected, affected_by=recorders))


def manifest_replaced(state: LedgerState, record: Record) -> LedgerState:
    revocation, organisation = _effective(state, record), OrganisationId(record.fields["organisation"])
    demand(revocation.affected is not None, record, "what it affects is not recorded")
    _check_claim(record, revocation, organisation in revocation.replaced_by)
    replacement, recorders = Digest(record.fields["manifest_digest"]), revocation.replaced_by | {organisation}
    return _stored(state, replace(revocation, replacement=replacement, replaced_by=recorders))


def verification_recorded(state: LedgerState, record: Record) -> LedgerState:
    revocation, fields = _effective(state, record), record.fields
    demand(revocation.replacement is not None, record, "its manifest is not recorded")
    before, after, samples = (integer(fields[name]) for name in ("value_before", "value_after", "samples"))
    figures = Verification(fields["metric"], before, after, samples, record.position)
    return _stored(state, _once(record, revocation, "verifications", figures))


def certificate_endorsed(state: LedgerState, record: Record) -> LedgerState:
    revocation, fields = _effective(state, record), record.fields
    demand(bool(revocation.verifications), record, "nobody has verified it")
    signature = bytes.fromhex(fields["signature"][2:])
    endorsement = Endorsement(Digest(fields["certificate_digest"]), Cid(fields["certificate_cid"]), signature)
    endorsements = put(revocation.endorsements, OrganisationId(fields["organisation"]), endorsement)
    verified = revocation.verified or record.position
    return _stored(state, replace(revocation, endorsements=endorsements, verified=verified))


def revocation_certified(state: LedgerState, record: Record) -> LedgerState:
    revocation, certificate = _effective(state, record), Digest(record.fields["certificate_digest"])
    demand(revocation.certificate is None, record, "it was certified before")
    given = revocation.endorsements
    endorsers = [
        name for name in state.members.seats if name in given and given[name].certificate_digest == certificate
    ]
    demand(len(endorsers) >= state.members.quorum, record, f"{len(endorsers)} members endorse it")
    due = Due(len(state.due) + 1, record.block, Digest(revocation.id), Reason.REVOCATION_CERTIFIED)
    certified = replace(revocation, certificate=certificate, certified=record.position)
    return _stored(state, certified).with_(due=(*state.due, due))


def shred_receipt_recorded(state: LedgerState, record: Record) -> LedgerState:
    revocation = revocation_of(state, record)
    demand(revocation.certificate is not None, record, "it is not certified")
    receipt = ShredReceipt(Digest(record.fields["receipt_digest"]), Cid(record.fields["receipt_cid"]))
    return _stored(state, _once(record, revocation, "receipts", receipt))


def revocation_shredded(state: LedgerState, record: Record) -> LedgerState:
    revocation = revocation_of(state, record)
    demand(revocation.certificate is not None, record, "it is not certified")
    if missing := receipts_missing(state, revocation):
        contradiction(record, f"{', '.join(missing)} have recorded no receipt")
    return _stored(state, replace(revocation, shredded=True))


def supporting(state: LedgerState, revocation: Revocation) -> frozenset[OrganisationId]:
    """The present members that want it, who asks among them."""
    return frozenset(state.members.seats) & (revocation.supporters | {revocation.organisation})


def receipts_missing(state: LedgerState, revocation: Revocation) -> tuple[OrganisationId, ...]:
    """The present members that have not said yet that they have shredded."""
    return tuple(name for name in state.members.seats if name not in revocation.receipts)


def _check_free(state: LedgerState, record: Record, updates: Iterable[UpdateId]) -> None:
    """An update is in one approved request; those that wait for support hold nothing."""
    held = {item for other in state.revocations.values() if other.approved for item in other.updates}
    if taken := [item for item in updates if item in held]:
        contradiction(record, f"update {taken[0]} is in an approved request")


def _check_claim(record: Record, revocation: Revocation, again: bool) -> None:
    """A member records each consequence once, while no certificate is endorsed."""
    demand(not again, record, f"{record.fields['organisation']} has recorded its part before")
    demand(revocation.verified is None, record, "its certificate is endorsed already")


def _effective(state: LedgerState, record: Record) -> Revocation:
    revocation = revocation_of(state, record)
    demand(revocation.effective is not None, record, "the request is not approved, or a round is open")
    return revocation


def _once(record: Record, revocation: Revocation, name: str, value: Any) -> Revocation:
    """Sets the acting member's entry of a mapping; a second one is a contradiction."""
    organisation, entries = OrganisationId(record.fields["organisation"]), getattr(revocation, name)
    demand(organisation not in entries, record, f"{organisation} has recorded its part before")
    changed: dict[str, Any] = {name: put(entries, organisation, value)}
    return replace(revocation, **changed)


def _stored(state: LedgerState, revocation: Revocation) -> LedgerState:
    return state.with_(revocations=put(state.revocations, revocation.id, revocation))


HANDLERS: dict[str, Callable[[LedgerState, Record], LedgerState]] = {
    "RevocationRequested": revocation_requested,
    "RevocationSupported": revocation_supported,
    "RevocationApproved": revocation_approved,
    "UpdatesAffected": updates_affected,
    "ManifestReplaced": manifest_replaced,
    "VerificationRecorded": verification_recorded,
    "CertificateEndorsed": certificate_endorsed,
    "RevocationCertified": revocation_certified,
    "ShredReceiptRecorded": shred_receipt_recorded,
    "RevocationShredded": revocation_shredded,
}
