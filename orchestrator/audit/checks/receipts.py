"""Has every member said in writing, under the certificate, that it destroyed its keys?"""

from __future__ import annotations

from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally
from orchestrator.commitment.receipt import Receipt
from orchestrator.errors import ProtocolError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.contributions import taken_out
from orchestrator.ledger.entities import Revocation, ShredReceipt
from orchestrator.ledger.revocations import receipts_missing
from orchestrator.types import OrganisationId


def check_receipts(own: Recomputed, tally: Tally) -> None:
    for revocation in own.state.revocations.values():
        if revocation.certificate is None:
            continue
        for organisation, recorded in revocation.receipts.items():
            _check_receipt(own, revocation, organisation, recorded, tally)
        _check_order(own, revocation, tally)
        missing = sorted(receipts_missing(own.state, revocation))
        if missing and not revocation.shredded:
            tally.note(f"revocation {revocation.id}: no receipt of {', '.join(missing)} yet")
        elif not revocation.shredded:
            tally.note(f"revocation {revocation.id}: all present members have shredded, which is not counted again yet")
    receipts = sum(len(item.receipts) for item in own.state.revocations.values())
    tally.note(f"receipts: {receipts}, the members' own word")


def _check_receipt(
    own: Recomputed, revocation: Revocation, organisation: OrganisationId, recorded: ShredReceipt, tally: Tally
) -> None:
    where = f"receipt of {organisation} for revocation {revocation.id}"
    data = tally.attempt(where, lambda: own.evidence.objects.read(recorded.receipt_cid))
    if data is None or not tally.same(where, "the digest of the object", sha256(data), recorded.receipt_digest):
        return
    receipt = tally.attempt(where, lambda: Receipt.from_bytes(data))
    if receipt is None:
        return
    tally.same(where, "the certificate it cites", receipt.certificate, revocation.certificate)
    tally.same(where, "the request it cites", receipt.request_id, revocation.id)
    tally.same(where, "the organisation it names", receipt.organisation, organisation)
    _check_coverage(own, revocation, receipt, where, tally)


def _check_coverage(own: Recomputed, revocation: Revocation, receipt: Receipt, where: str, tally: Tally) -> None:
    try:
        allowed = taken_out(own.state, revocation, own.specs)
    except ProtocolError as error:
        tally.fault(where, error.message)
        return
    left_out = sorted(set(revocation.updates) - set(receipt.updates))
    tally.demand(not left_out, where, f"it leaves out {', '.join(left_out)}")
    surplus = sorted(set(receipt.updates) - allowed)
    tally.demand(not surplus, where, f"it names {', '.join(surplus)}, which the revocation does not take out")
    updates = [own.state.updates[item] for item in receipt.updates if item in own.state.updates]
    objects = {cid for update in updates for cid in (update.payload_cid, update.header_cid) if cid}
    foreign = sorted(set(receipt.unpinned) - objects)
    tally.demand(not foreign, where, f"it unpins {', '.join(foreign)}, which are no objects of those updates")


def _check_order(own: Recomputed, revocation: Revocation, tally: Tally) -> None:
    """Receipts come after the certificate, one each member."""
    places = [
        record.position
        for record in own.records
        if record.kind == "ShredReceiptRecorded" and record.fields["request_id"] == revocation.id
    ]
    where = f"revocation {revocation.id}"
    certified = revocation.certified
    early = [place for place in places if certified is not None and place < certified]
    tally.demand(not early, where, f"{len(early)} receipts were recorded before the certificate")
    tally.same(where, "the number of its receipts", len(places), len(revocation.receipts))
