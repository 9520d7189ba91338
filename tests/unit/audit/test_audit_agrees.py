"""An honest life agrees with itself, and what is handed over is the same bytes every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from unit.audit.ledger_chain import Told
from unit.audit.life import Life
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, word_of

from orchestrator.audit import Evidence, read_handed, verify, verify_evidence, write_handover
from orchestrator.errors import AuditFailure, ConfigurationError


def test_an_honest_life_agrees(evidence: Evidence) -> None:
    report = verify_evidence(evidence)
    assert [str(finding) for finding in report.findings] == []
    assert report.ok and all(result.count for result in report.results)


def test_shredded_objects_may_be_absent_once_everybody_has_shredded(evidence: Evidence) -> None:
    """Two contributions of two objects each; one block earlier, the last receipt was still missing."""
    notes = verify_evidence(evidence).result("updates").notes
    assert "objects absent: 4, shredded, as certified" in notes
    before = verify_evidence(evidence.as_of(evidence.public.block, evidence.private.block - 1))
    assert len(before.result("updates").findings) == 4
    assert all("no IPFS node" in finding.message for finding in before.result("updates").findings)


def test_a_member_that_left_need_not_have_shredded() -> None:
    """Its receipt never comes. What the others removed is excused from when it has left, counted again or not."""
    life = Life()
    updates = life.round()
    request = life.request(AURORA, [updates[AURORA]])
    life.verify(request)
    life.certify(request)
    life.anchor()
    for name in (AURORA, BOREALIS):
        life.shred(request, name, last=False)
    for cid in life.objects[updates[AURORA]]:
        life.store.unpin(cid)
    life.store.collect()
    waiting = verify(life.sources)
    assert len(waiting.result("updates").findings) == 2
    assert f"revocation {request}: no receipt of cumulus yet" in waiting.result("receipts").notes
    life.remove(CUMULUS)
    left = verify(life.sources)
    assert left.result("updates").ok and "objects absent: 2, shredded, as certified" in left.result("updates").notes
    assert "which is not counted again yet" in left.result("receipts").detail
    life.by(BOREALIS, ("RevocationLedger", "RevocationShredded", {"request_id": request}))
    counted = verify(life.sources)
    for check in ("records", "updates", "receipts", "revocations", "checkpoints"):
        assert counted.result(check).ok, counted.result(check).detail
    assert "not counted again" not in counted.result("receipts").detail


def test_a_certificate_may_be_certified_by_a_change_of_membership() -> None:
    life = Life()
    updates = life.round()
    request = life.request(AURORA, [updates[AURORA]])
    life.verify(request)
    certificate = life.endorse(request, [BOREALIS])
    life.remove(CUMULUS, quorum=1)
    life.certified(BOREALIS, request, certificate)
    report = verify(life.sources)
    for check in ("records", "revocations", "receipts"):
        assert report.result(check).ok, report.result(check).detail
    assert life.ledger.state.due[-1].subject == request


def test_an_abandoned_round_and_discarded_prekeys_agree() -> None:
    life = Life()
    life.open_round()
    for supporters, name in enumerate((AURORA, CUMULUS), start=1):
        supported = {"round_id": 1, "organisation": name, "supporters": supporters}
        told: list[Told] = [("RoundLedger", "RoundAbandonSupported", supported)]
        failed: list[Told] = [("RoundLedger", "RoundFailed", {"round_id": 1, "reason": "abandoned"})]
        life.by(name, *told, *(failed if supporters == 2 else []))
    discarded = {"organisation": BOREALIS, "first": 1, "count": 2}
    life.by(BOREALIS, ("KeyDirectory", "PrekeysDiscarded", discarded))
    report = verify(life.sources)
    assert [str(finding) for finding in report.findings] == []
    assert "round 1 failed: abandoned" in report.result("rounds").notes


def test_a_failed_round_that_was_opened_on_a_wrong_manifest_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """One member can open on anything, also in good faith: on a manifest that a revocation has just replaced."""
    life = Life()
    life.round()
    with monkeypatch.context() as patch:
        patch.setattr("unit.audit.life.build_manifest", lambda *_: SimpleNamespace(digest=word_of("stale")))
        number = life.open_round()
    failed = {"round_id": number, "reason": "too few submitted"}
    life.by(AURORA, ("RoundLedger", "RoundFailed", failed))
    result = verify(life.sources).result("rounds")
    assert result.ok and "round 2, which added nothing: it was opened on another manifest" in result.detail


def test_the_handover_agrees_and_is_deterministic(life: Life, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_handover(tmp_path / name, life.sources)
    one, two = (read_handed(tmp_path / name) for name in ("one", "two"))
    assert one.files == two.files and not one.problems
    report = verify(life.sources, one)
    assert [str(finding) for finding in report.findings] == []
    assert report.result("handover").count > len(one.files)


def test_a_full_folder_is_not_written_to(life: Life, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(ConfigurationError, match="no empty folder"):
        write_handover(tmp_path, life.sources)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_nothing_is_written_where_the_contracts_are_others(life: Life, tmp_path: Path) -> None:
    deployment = life.deployments["private"]
    other = replace(deployment.contracts["RoundLedger"], address="0x" + "77" * 20)
    changed = replace(deployment, contracts={**deployment.contracts, "RoundLedger": other})
    with pytest.raises(AuditFailure, match="nothing sound to hand over"):
        write_handover(tmp_path / "out", replace(life.sources, private_deployment=changed))
    assert list(tmp_path.iterdir()) == []
