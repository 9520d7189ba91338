"""Certificates follow from the records; receipts cite them."""

from __future__ import annotations

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CHAIN_ID, CONSORTIUM_ID, CONTRACTS, CUMULUS, MEMBERS, word_of
from unit.ledger.history import History, life

from orchestrator.aggregation.accumulate import FOLD_VERSION
from orchestrator.commitment.certificate import (
    LIMITS,
    NOT_EVALUATED,
    build_certificate,
    certificate_bytes,
    certificate_digest,
    check_certificate,
    digest_of,
    manifests_of,
    outcome_of,
)
from orchestrator.commitment.receipt import Receipt, build_receipt
from orchestrator.commitment.signatures import recover
from orchestrator.errors import FormatError, ProtocolError
from orchestrator.ledger.canonical import canonical_bytes, digest
from orchestrator.ledger.contributions import active_updates
from orchestrator.ledger.manifest import build_manifest
from orchestrator.types import Cid, RequestId

LIFE = life()
REQUEST = next(iter(LIFE.state.revocations))


def test_the_certificate_of_a_life() -> None:
    certificate = build_certificate(LIFE.state, REQUEST, LIFE.tasks, consortium_id=CONSORTIUM_ID)
    revocation = LIFE.state.revocations[REQUEST]
    assert digest_of(certificate) == revocation.certificate
    assert certificate["request"] == {
        "number": 1,
        "organisation": CUMULUS,
        "owners": [CUMULUS],
        "scope": "organisation",
        "reason": "withdrawn",
        "mode": "drop",
        "urgent": False,
        "approved_by": "owner",
        "supporters": [CUMULUS],
        "updates": sorted(revocation.updates),
        "digest": revocation.request_digest,
    }
    assert revocation.effective is not None and revocation.approved == revocation.effective
    place = {"block": revocation.effective.block, "log_index": revocation.effective.log_index}
    assert certificate["effect"] == {"approved": place, "effective": place, "round": None}
    assert certificate["private_chain_id"] == CHAIN_ID
    assert [row["organisation"] for row in certificate["results"]] == list(MEMBERS)
    assert certificate["not_evaluated"] == list(NOT_EVALUATED)
    assert certificate["limits"] == list(LIMITS)
    second = active_updates(LIFE.state, 2)
    descendants = [item for item in second if item not in revocation.updates]
    assert certificate["lineage"]["descendants"] == certificate["lineage"]["stays"] == descendants
    assert certificate["lineage"]["leaves"] == list(revocation.updates)
    rows = [(item["update"], item["organisation"], item["round"]) for item in certificate["lineage"]["revoked"]]
    assert rows == [(item, CUMULUS, number) for number, item in enumerate(revocation.updates, start=1)]
    assert certificate["takes"] == {"hardening": [], "rounds_to_train": []}
    assert [digest(certificate["manifest"]["documents"][which]) for which in ("before", "after")] == [
        certificate["manifest"]["before"],
        certificate["manifest"]["after"],
    ]
    (task,) = LIFE.tasks.values()
    assert certificate["rules"] == {"fold": FOLD_VERSION, "task": task.digest}


def test_before_and_after() -> None:
    outcome, revocation = outcome_of(LIFE.state, REQUEST, LIFE.tasks), LIFE.state.revocations[REQUEST]
    task = next(iter(LIFE.tasks.values()))
    before = build_manifest(LIFE.state, task, LIFE.tasks, at=LIFE.state.rounds[2].ended)
    assert outcome.before == before.digest
    assert manifests_of(LIFE.state, REQUEST, LIFE.tasks)[0] == before
    assert outcome.after == build_manifest(LIFE.state, task, LIFE.tasks).digest == revocation.replacement


def test_endorsements_recover_to_the_delegates() -> None:
    revocation = LIFE.state.revocations[REQUEST]
    assert revocation.certificate is not None
    message = certificate_digest(REQUEST, revocation.certificate, CHAIN_ID, CONTRACTS["RevocationLedger"])
    for name, endorsement in revocation.endorsements.items():
        assert recover(message, endorsement.signature) == LIFE.state.members.seats[name].delegate


def test_a_certificate_is_the_same_for_who_reads_it_later() -> None:
    history = History()
    updates = history.round()
    request = history.request(AURORA, [updates[AURORA]])
    history.verify(request, [AURORA, BOREALIS])
    early = build_certificate(history.state, request, history.tasks, consortium_id=CONSORTIUM_ID)
    history.certify(request)
    figures = {"metric": "loss", "value_before": 1, "value_after": 2, "samples": 3}
    history.tell("VerificationRecorded", CUMULUS, request_id=request, organisation=CUMULUS, **figures)
    history.round()
    late = build_certificate(history.state, request, history.tasks, consortium_id=CONSORTIUM_ID)
    assert early == late
    assert [row["organisation"] for row in late["results"]] == [AURORA, BOREALIS]


def test_each_of_two_revocations_has_its_own_before_and_after() -> None:
    history = History()
    updates = history.round()
    first = history.request(AURORA, [updates[AURORA]])
    second = history.request(BOREALIS, [updates[BOREALIS]])
    outcomes = [outcome_of(history.state, request, history.tasks) for request in (first, second)]
    assert outcomes[0].after == outcomes[1].before
    assert len({outcomes[0].before, outcomes[0].after, outcomes[1].after}) == 3


def test_no_certificate_before_its_time() -> None:
    history = History()
    updates = history.round()

    def build(request: RequestId) -> object:
        return build_certificate(history.state, request, history.tasks, consortium_id=CONSORTIUM_ID)

    with pytest.raises(ProtocolError, match="there is no revocation request"):
        build(RequestId(word_of("none")))
    request = history.request(AURORA, [updates[CUMULUS]], reason="poison")
    with pytest.raises(ProtocolError, match="is not in effect"):
        build(request)
    history.support(request, BOREALIS, approves=True)
    outcome = outcome_of(history.state, request, history.tasks)
    history.tell("UpdatesAffected", AURORA, request_id=request, organisation=AURORA, descendants=[])
    wrong = {"request_id": request, "manifest_digest": word_of("wrong")}
    history.tell("ManifestReplaced", AURORA, organisation=AURORA, **wrong)
    with pytest.raises(ProtocolError, match="has no figures yet"):
        build(request)
    history.verify(request)
    certificate = build_certificate(history.state, request, history.tasks, consortium_id=CONSORTIUM_ID)
    assert certificate["manifest"]["after"] == outcome.after  # one member's wrong record blocks nobody


@pytest.mark.parametrize(
    "name", ["results", "figures", "limits", "manifest", "lineage", "request", "awards", "rules", "consortium_id"]
)
def test_a_changed_certificate_is_named(name: str) -> None:
    certificate = build_certificate(LIFE.state, REQUEST, LIFE.tasks, consortium_id=CONSORTIUM_ID)
    data = certificate_bytes(certificate)
    assert check_certificate(data, LIFE.state, REQUEST, LIFE.tasks, consortium_id=CONSORTIUM_ID) == certificate
    changed = certificate_bytes({**certificate, name: "other"})
    with pytest.raises(FormatError, match=f"differs from the records in '{name}'"):
        check_certificate(changed, LIFE.state, REQUEST, LIFE.tasks, consortium_id=CONSORTIUM_ID)


def test_receipt() -> None:
    revocation = LIFE.state.revocations[REQUEST]
    assert revocation.certificate is not None
    document = build_receipt(
        certificate=revocation.certificate,
        request_id=REQUEST,
        organisation=AURORA,
        updates=revocation.updates[::-1],
        content_keys=2,
        content_salts=2,
        unpinned=[Cid("Qmb"), Cid("Qma"), Cid("Qma")],
    )
    receipt = Receipt.from_bytes(canonical_bytes(document))
    assert receipt.digest == digest(document)
    assert receipt.updates == tuple(sorted(revocation.updates))
    assert receipt.unpinned == ("Qma", "Qmb")
    with pytest.raises(FormatError, match=r"receipt\.destroyed has the unknown member backups"):
        Receipt.from_document({**document, "destroyed": {**document["destroyed"], "backups": 1}})
    with pytest.raises(FormatError, match=r"receipt\.updates is not in ascending order"):
        Receipt.from_document({**document, "updates": sorted(revocation.updates)[::-1]})
    with pytest.raises(FormatError, match=r"receipt\.certificate is '0x'"):
        Receipt.from_document({**document, "certificate": "0x"})
