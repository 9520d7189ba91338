"""Whatever is altered is found, and the finding names the right part."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from unit.audit.alter import (
    OTHER,
    Alter,
    dropped_record,
    equivocation,
    flipped,
    of_record,
    of_record_at,
    of_update,
    relay_signature,
    reveal_data,
    with_anchored,
    with_attestation,
    with_award,
    with_field,
    with_object,
    with_public,
    with_record,
)
from unit.audit.life import Life

from orchestrator.audit import AuditReport, Evidence, collect, verify_evidence
from orchestrator.chain.public_events import AwardClaim, AwardsPublication, AwardsRootReplaced
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.types import Address


def found(report: AuditReport, check: str, subject: str, message: str = "") -> bool:
    return any(subject in item.subject and message in item.message for item in report.result(check).findings)


CASES: dict[str, tuple[Alter, str, str, str]] = {
    "record field": (
        with_field("UpdateSubmitted", "submission.samples", 101),
        "checkpoints",
        "checkpoint 1",
        "records_root",
    ),
    "record salt": (
        lambda life, evidence: with_record(evidence, "UpdateReleased", lambda item: replace(item, salt=OTHER)),
        "checkpoints",
        "checkpoint 1",
        "records_root",
    ),
    "record left out": (dropped_record, "records", "private records", "contradicts"),
    "sealed payload": (with_object(of_update("payload_cid"), 60), "updates", "payload of update", "not that object"),
    "sealed payload gone": (
        with_object(of_update("payload_cid"), gone=True),
        "updates",
        "payload of update",
        "no IPFS",
    ),
    "header": (with_object(of_update("header_cid"), 40), "updates", "header of update", "not that object"),
    "recorded ciphertext digest": (
        with_field("UpdateSubmitted", "submission.ciphertext_digest", OTHER),
        "updates",
        "update ",
        "payload",
    ),
    "recorded header digest": (
        with_field("UpdateSubmitted", "submission.header_digest", OTHER),
        "updates",
        "update ",
        "header",
    ),
    "recorded update id": (with_field("UpdateSubmitted", "update_id", OTHER), "records", "update 1 of", "its id"),
    "opening manifest": (
        lambda life, evidence: with_field("RoundOpened", "opening.manifest_digest", OTHER, 1)(
            life, with_field("RoundOpened", "manifest_digest", OTHER, 1)(life, evidence)
        ),
        "rounds",
        "round 2",
        "manifest",
    ),
    "task": (with_object(of_record("RoundOpened", "opening", "task_cid"), 30), "rounds", "task 0x", "not that object"),
    "agreement": (
        with_object(of_record("RoundOpened", "opening", "agreement_cid"), 30),
        "rounds",
        "agreement 0x",
        "not that object",
    ),
    "verdict": (with_field("VerdictRevealed", "score", 12_345), "verdicts", "verdicts of aurora", "recorded"),
    "verdict call": (reveal_data, "verdicts", "verdicts of aurora", ""),
    "verdict commitment": (
        with_field("VerdictsCommitted", "commitment", OTHER),
        "verdicts",
        "verdicts of",
        "commitment",
    ),
    "attestation signature": (
        with_attestation(lambda item: replace(item, signature=flipped(item.signature, 5))),
        "attestations",
        "attestation of cumulus for checkpoint 3",
        "",
    ),
    "attestation head": (
        with_attestation(lambda item: replace(item, head=OTHER)),
        "attestations",
        "attestation of cumulus",
        "head",
    ),
    "relayed signature": (relay_signature, "attestations", "checkpoint 1", ""),
    "signers": (with_anchored(0, signers=0b001), "attestations", "checkpoint 1", "quorum"),
    "signers beyond": (with_anchored(0, signers=0b1001), "attestations", "checkpoint 1", "not all members"),
    "equivocation": (equivocation, "attestations", "cumulus", "equivocation"),
    "head": (with_public(lambda evidence: {"head": OTHER}), "checkpoints", "CheckpointAnchor", "head"),
    "event head": (with_anchored(1, head=OTHER), "checkpoints", "checkpoint 2", "head of the event"),
    "award amount": (with_award(AwardClaim, amount=7), "awards", "claim 0 of checkpoint 1", "paid"),
    "award account": (
        with_award(AwardClaim, account=Address("0x" + "11" * 20)),
        "awards",
        "claim 0 of checkpoint 1",
        "paid",
    ),
    "award update": (with_award(AwardClaim, update_id=OTHER), "awards", "claim 0 of checkpoint 1", "paid"),
    "award twice": (with_award(AwardClaim, index=1), "awards", "claim 1 of checkpoint 1", ""),
    "award root": (with_award(AwardsPublication, root=OTHER), "awards", "awards of checkpoint 1", "published root"),
    "supply": (with_public(lambda evidence: {"supply": evidence.public.supply + 1}), "awards", "ContributionToken", ""),
    "certificate figure": (
        with_field("VerificationRecorded", "value_after", 1),
        "revocations",
        "revocation 0x",
        "certificate's digest",
    ),
    "certificate object": (
        with_object(of_record("CertificateEndorsed", "certificate_cid"), 50),
        "revocations",
        "certificate 0x",
        "not that",
    ),
    "certificate signature": (
        with_field("CertificateEndorsed", "signature", "0x" + "5a" * 64 + "1b"),
        "revocations",
        "endorsement of aurora",
        "",
    ),
    "mode": (
        with_field("RevocationRequested", "mode", 1),
        "revocations",
        "revocation 0x",
        "the certificate's digest is",
    ),
    "descendants": (
        with_field("UpdatesAffected", "descendants", []),
        "revocations",
        "revocation 0x",
        "what aurora recorded as affected",
    ),
    "replacement": (
        with_field("ManifestReplaced", "manifest_digest", OTHER),
        "revocations",
        "revocation 0x",
        "the manifest that aurora recorded as replacement",
    ),
    "receipt object": (
        with_object(of_record("ShredReceiptRecorded", "receipt_cid"), 70),
        "receipts",
        "receipt of aurora",
        "not that",
    ),
    "receipt digest": (
        with_field("ShredReceiptRecorded", "receipt_digest", OTHER),
        "receipts",
        "receipt of aurora",
        "digest",
    ),
    "receipt of somebody else": (
        lambda life, evidence: with_field(
            "ShredReceiptRecorded", "receipt_cid", of_record_at(evidence, 1, "receipt_cid")
        )(
            life,
            with_field("ShredReceiptRecorded", "receipt_digest", of_record_at(evidence, 1, "receipt_digest"))(
                life, evidence
            ),
        ),
        "receipts",
        "receipt of aurora",
        "organisation",
    ),
    "membership": (
        with_public(lambda evidence: {"membership": evidence.public.membership[2:]}),
        "consortium",
        "Consortium",
        "",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_altered_is_named(name: str, life: Life, evidence: Evidence) -> None:
    alter, check, subject, message = CASES[name]
    report = verify_evidence(alter(life, evidence))
    assert not report.ok
    assert found(report, check, subject, message), [str(item) for item in report.findings]


@pytest.mark.parametrize("name", [item.name for item in fields(Checkpoint)])
def test_every_field_of_a_checkpoint_is_compared(name: str, life: Life, evidence: Evidence) -> None:
    checkpoint = evidence.public.anchored[1].checkpoint
    old = getattr(checkpoint, name)
    changed = replace(checkpoint, **{name: old + 1 if isinstance(old, int) else OTHER})
    report = verify_evidence(with_anchored(1, checkpoint=changed)(life, evidence))
    assert found(report, "checkpoints", "checkpoint 2"), [str(item) for item in report.findings]


def replaced_root(evidence: Evidence, *, back: bool) -> Evidence:
    """The claims of the first checkpoint's awards once more, after its root was replaced (and put back)."""
    awards = list(evidence.public.awards)
    claims = [item for item in awards if isinstance(item, AwardClaim) and item.sequence == 1]
    root = next(item.root for item in awards if isinstance(item, AwardsPublication) and item.sequence == 1)
    awards.append(AwardsRootReplaced(1, root, OTHER, claims[-1].place))
    if back:
        awards.append(AwardsRootReplaced(1, OTHER, root, claims[-1].place))
    return replace(evidence, public=replace(evidence.public, awards=(*awards, claims[0])))


def test_an_index_is_spent_under_its_root_alone(evidence: Evidence) -> None:
    again = "it was claimed or voided before"
    assert not found(verify_evidence(replaced_root(evidence, back=False)), "awards", "claim 0 of checkpoint 1", again)
    assert found(verify_evidence(replaced_root(evidence, back=True)), "awards", "claim 0 of checkpoint 1", again)


def test_a_forged_event_is_named(life: Life, evidence: Evidence) -> None:
    """An event whose transaction its alleged sender did not sign."""
    changed = replace(evidence.private, ignored=("the event in block 9, log 0: the alleged sender did not sign",))
    report = verify_evidence(replace(evidence, private=changed))
    assert found(report, "records", "private records", "did not sign")


def test_code_that_is_not_ours_ends_the_audit(life: Life, evidence: Evidence) -> None:
    deployment = evidence.public.deployment
    other = replace(deployment.contracts["CheckpointAnchor"], address="0x" + "77" * 20)
    changed = replace(deployment, contracts={**deployment.contracts, "CheckpointAnchor": other})
    report = verify_evidence(collect(replace(life.sources, public_deployment=changed)))
    assert found(report, "contracts", "CheckpointAnchor on chain 31337", "no code")
    assert [result.name for result in report.results] == ["contracts"]
    assert "everything but the contracts" in report.not_checked[0]
