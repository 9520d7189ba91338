"""Does each revocation do what it says: lineage, new manifest, certificate, quorum, anchoring?"""

from __future__ import annotations

from orchestrator.audit.recomputed import Point, Recomputed
from orchestrator.audit.tally import Tally
from orchestrator.commitment.certificate import (
    READABLE,
    VERSION,
    build_certificate,
    certificate_digest,
    check_certificate,
    digest_of,
    outcome_of,
)
from orchestrator.commitment.signatures import recover
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.contributions import taken_out
from orchestrator.ledger.entities import Mode, Revocation
from orchestrator.ledger.merkle import verify_inclusion
from orchestrator.ledger.request import RevocationRequest
from orchestrator.types import Digest, OrganisationId


def check_revocations(own: Recomputed, tally: Tally) -> None:
    for revocation in own.state.revocations.values():
        where = f"revocation {revocation.id}"
        if revocation.effective is None:
            tally.note(f"{where} is not in effect")
            continue
        _check_request(revocation, where, tally)
        _check_outcome(own, revocation, where, tally)
        if revocation.certificate is None:
            tally.note(f"{where} is not certified")
            continue
        _check_certificate(own, revocation, where, tally)
        _check_endorsements(own, revocation, where, tally)
        _check_anchored(own, revocation, where, tally)
    certified = sum(item.certificate is not None for item in own.state.revocations.values())
    tally.note(f"revocations: {len(own.state.revocations)}, certified: {certified}")


def _check_request(revocation: Revocation, where: str, tally: Tally) -> None:
    """Only a request without statement or samples can be rebuilt; who holds the object can compare the others."""
    plain = RevocationRequest(
        revocation.organisation,
        tuple(sorted(revocation.updates)),
        revocation.reason,
        revocation.mode,
        revocation.urgent,
    )
    if revocation.request_digest != plain.digest:
        tally.note(
            f"{where}: the request's object carries a statement or samples and is not on the chain: not compared"
        )


def _check_outcome(own: Recomputed, revocation: Revocation, where: str, tally: Tally) -> None:
    outcome = tally.attempt(where, lambda: outcome_of(own.state, revocation.id, own.specs))
    gone = tally.attempt(where, lambda: taken_out(own.state, revocation, own.specs))
    if outcome is None or gone is None:
        return
    if revocation.affected is not None:
        what = f"what {_last(own, 'UpdatesAffected', revocation)} recorded as affected"
        tally.same(where, what, sorted(revocation.affected), sorted(outcome.descendants))
    if revocation.replacement is not None:
        what = f"the manifest that {_last(own, 'ManifestReplaced', revocation)} recorded as replacement"
        tally.same(where, what, revocation.replacement, outcome.after)
    for point in own.points.values():
        if point.manifest is not None and _after(point, revocation):
            kept = sorted(gone & set(point.manifest.updates))
            tally.demand(not kept, where, f"the manifest of {point.name} still has {', '.join(kept)}")


def _last(own: Recomputed, kind: str, revocation: Revocation) -> str:
    """Whose record of that kind stands."""
    told = (item for item in reversed(own.records) if item.kind == kind)
    return str(next(item.fields["organisation"] for item in told if item.fields["request_id"] == revocation.id))


def _after(point: Point, revocation: Revocation) -> bool:
    known = point.state.revocations.get(revocation.id)
    return known is not None and known.effective is not None


def _check_certificate(own: Recomputed, revocation: Revocation, where: str, tally: Tally) -> None:
    facts = own.evidence.private.consortium
    assert facts is not None
    rebuilt = tally.attempt(where, lambda: _rebuilt(own, revocation, facts.consortium_id))
    if rebuilt is not None:
        tally.same(where, "the certificate's digest", revocation.certificate, rebuilt)
    cids = {item.certificate_cid for item in revocation.endorsements.values()
            if item.certificate_digest == revocation.certificate}  # fmt: skip
    for cid in sorted(cids):
        subject = f"certificate {revocation.certificate}"
        data = tally.attempt(subject, lambda cid=cid: own.evidence.objects.read(cid))  # type: ignore[misc]
        if data is None:
            continue
        tally.same(subject, f"the digest of the object {cid}", sha256(data), revocation.certificate)
        tally.attempt(
            subject,
            lambda data=data: check_certificate(  # type: ignore[misc]
                data, own.state, revocation.id, own.specs, consortium_id=facts.consortium_id
            ),
        )


def _rebuilt(own: Recomputed, revocation: Revocation, consortium_id: Digest) -> Digest:
    """What the records make of it: in the present version, or in the one that was certified by an older release."""

    def built(version: int) -> Digest:
        document = build_certificate(own.state, revocation.id, own.specs, consortium_id=consortium_id, version=version)
        return digest_of(document)

    newest = built(VERSION)
    older = [version for version in READABLE - {VERSION} if revocation.mode is Mode.DROP]
    return next((found for found in map(built, older) if found == revocation.certificate), newest)


def _check_endorsements(own: Recomputed, revocation: Revocation, where: str, tally: Tally) -> None:
    private, certificate = own.evidence.private, revocation.certificate
    assert certificate is not None
    ledger = private.deployment.address("RevocationLedger")
    signed = 0
    for organisation, endorsement in revocation.endorsements.items():
        subject = f"endorsement of {organisation} for {where}"
        message = certificate_digest(revocation.id, endorsement.certificate_digest, private.chain_id, ledger)
        signer = tally.attempt(subject, lambda m=message, e=endorsement: recover(m, e.signature))  # type: ignore[misc]
        known = _delegates(own, organisation)
        if signer is None:
            continue
        if tally.demand(signer in known, subject, f"it was signed by {signer}, no delegate of {organisation}"):
            signed += endorsement.certificate_digest == certificate
    assert revocation.certified is not None
    quorum = own.private_membership.quorum_in(revocation.certified.block)
    tally.demand(signed >= quorum, where, f"{signed} members endorse the certificate, the quorum is {quorum}")


def _delegates(own: Recomputed, organisation: OrganisationId) -> set[str]:
    epochs = own.private_membership.epochs.values()
    return {address for epoch in epochs for address in epoch.delegates.get(organisation, set())}


def _check_anchored(own: Recomputed, revocation: Revocation, where: str, tally: Tally) -> None:
    """The record of the certificate is a leaf under an anchored root."""
    point = next((item for item in own.points.values() if str(item.due.subject) == str(revocation.id)), None)
    if not tally.demand(point is not None, where, "no checkpoint covers its certificate"):
        return
    assert point is not None
    anchored = next((i.checkpoint for i in own.evidence.public.anchored if i.sequence == point.due.sequence), None)
    if anchored is None:
        text = f"{point.name}, which covers its certificate, is not anchored"
        tally.demand(not revocation.receipts, where, f"{text}, though members have shredded")
        tally.note(f"{where}: {text} yet")
        return
    index, record = next(
        (index, record) for index, record in enumerate(own.records) if record.position == revocation.certified
    )
    size = anchored.tree_size
    if not tally.demand(index < size <= own.tree.size, where, f"its certificate is not under the root of {point.name}"):
        return
    proof, root = own.tree.inclusion_proof(index, size), bytes.fromhex(anchored.records_root[2:])
    included = verify_inclusion(record.leaf_data, index, size, proof, root)
    tally.demand(included, where, f"its certificate is not under the anchored root of {point.name}")
