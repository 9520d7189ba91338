"""Why checkpoints fell due, who signed while the chains differ, and certificates that are not shown."""

from __future__ import annotations

from typing import Any

import pytest
from unit.audit.bundles import Made, checked, collected, made, sealed_again
from unit.audit.forger import changed, document, written
from unit.audit.foundation import PUBLIC
from unit.audit.ledger_chain import Told
from unit.audit.life import Life, whole_life
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, address_of_key, authority, private_key, sign

from orchestrator.audit import Evidence
from orchestrator.audit.report import AuditReport
from orchestrator.commitment.checkpoints import checkpoint_digest, head_of

CLOSED, CERTIFIED = "kind:RoundClosed", "kind:RevocationCertified"
World = tuple[Life, Evidence]


@pytest.fixture(scope="module")
def world() -> World:
    life, _ = whole_life()
    life.round()
    return life, collected(life)


def report_of(bundle: Made, lines: list[bytes]) -> AuditReport:
    return checked(sealed_again(lines), bundle.anchors)


def told(report: AuditReport) -> str:
    return "\n".join(report.not_checked)


def due(number: int, reason: str, subject: str) -> Any:
    """Says that a checkpoint fell due by something else."""

    def change(line: dict[str, Any]) -> dict[str, Any]:
        if line["line"] == "checkpoint" and line["checkpoint"]["sequence"] == number:
            line["due"] = {"reason": reason, "subject": subject}
        return line

    return change


def without_revocation(line: dict[str, Any]) -> dict[str, Any] | None:
    paper = line["line"] == "certificate" or (line["line"] == "object" and line["what"] == "receipt")
    return None if paper else line


@pytest.mark.parametrize("terms", [("none",), (CLOSED,), (CLOSED, CERTIFIED), ("round:1",), ("organisation:cumulus",)])
def test_what_is_hidden_is_told(world: World, terms: tuple[str, ...]) -> None:
    bundle = made(*world, *terms)
    report = checked(bundle.data, bundle.anchors)
    assert [str(item) for item in report.findings] == []
    hidden = {("none",): 4, (CLOSED,): 1, (CLOSED, CERTIFIED): 0, ("round:1",): 2, ("organisation:cumulus",): 4}[terms]
    text = f"why {hidden} checkpoints fell due, and so whether a revocation among them was left out: told"
    assert (text in told(report)) == bool(hidden)


def test_a_revocation_does_not_vanish_beside_its_record(world: World) -> None:
    bundle = made(*world, CERTIFIED)
    lines = changed(changed(bundle.raw, due(3, "round_closed", f"0x{3:064x}")), without_revocation)
    findings = report_of(bundle, lines).result("chain").findings
    assert any("RevocationCertified" in item.subject and "none in its block" in item.message for item in findings)


def test_a_kind_of_which_all_is_disclosed_hides_no_reason(world: World) -> None:
    """Neither a made-up subject nor a record that is kept back."""
    bundle = made(*world, CLOSED)
    subject = "0x" + "77" * 32
    findings = report_of(bundle, changed(bundle.raw, due(2, "round_closed", subject))).result("chain").findings
    assert any("no disclosed record makes it due" in item.message for item in findings)
    findings = report_of(bundle, changed(bundle.raw, due(3, "round_closed", f"0x{3:064x}"))).result("chain").findings
    assert any("no disclosed record makes it due" in item.message for item in findings)


@pytest.mark.parametrize("subject", [0, 1, 1 << 64])
def test_rounds_close_one_after_the_other(world: World, subject: int) -> None:
    bundle = made(*world, "none")
    report = report_of(bundle, changed(bundle.raw, due(2, "round_closed", f"0x{subject:064x}")))
    assert [item.message for item in report.findings] == [f"round {subject} does not close after the last"]


def test_everything_disclosed_leaves_no_reason_told(world: World) -> None:
    bundle = made(*world, "all")
    report = checked(bundle.data, bundle.anchors)
    assert report.ok and "fell due" not in told(report)


def test_a_certificate_that_is_not_shown_is_counted_apart(world: World) -> None:
    bundle = made(*world, "none")
    certificate = written({"line": "certificate", "endorsed": None})
    lines = [certificate if document(line)["line"] == "certificate" else line for line in bundle.raw]
    report = report_of(bundle, lines)
    assert report.result("papers").notes[-1].endswith("certificates: 1, of which 1 not shown")
    whole = made(*world, "kind:CertificateEndorsed")
    lines = [certificate if document(line)["line"] == "certificate" else line for line in whole.raw]
    found = [item.message for item in report_of(whole, lines).result("papers").findings]
    assert "it is not shown, though its endorsements are disclosed" in found
    assert "not shown" not in checked(whole.data, whole.anchors).result("papers").notes[-1]


def test_a_rotation_and_an_epoch_may_come_in_another_order_on_the_other_chain() -> None:
    """Private: the delegate rotates, then a member leaves. Public: the member leaves, the rotation has not come yet."""
    life = Life()
    life.round()
    life.anchor = life.pay = lambda: None  # type: ignore[assignment,method-assign,return-value]
    life.round()
    old, new = private_key("delegate", AURORA), private_key("delegate", AURORA, 2)
    previous = life.ledger.state.members.seats[AURORA].delegate
    rotated = {"organisation": AURORA, "previous": previous, "current": address_of_key(new)}
    consortium = life.private.addresses["Consortium"]
    life.private.transact(
        private_key("authority", AURORA), consortium, b"", [("Consortium", "DelegateRotated", rotated)]
    )
    life._read(life.private.block_number())
    life.remove(CUMULUS)
    gone: list[Told] = [("Consortium", "MemberRemoved", {"organisation": CUMULUS, "authority": authority(CUMULUS)})]
    digest = life.ledger.state.members.consortium_digest
    advanced = {"epoch": 2, "consortium_digest": digest, "quorum": 2, "members": 2}
    gone.append(("Consortium", "EpochAdvanced", advanced))
    life.public.transact(private_key("authority", AURORA), life.public.addresses["Consortium"], b"", gone)
    point = life.ledger.state.due[-1]
    content = life.ledger.checkpoint_content(point, life.private.block(point.block).hash, life.tasks)
    made_for = content.checkpoint(previous_head=life._head, consortium_digest=digest, epoch=2)
    head, anchor = head_of(made_for), life.public.addresses["CheckpointAnchor"]
    message = checkpoint_digest(made_for, PUBLIC, anchor)
    own = private_key("delegate", BOREALIS)
    for name, key, sender in ((AURORA, old, new), (BOREALIS, own, own)):
        attested = {"sequence": 2, "organisation": name, "head": head, "signature": sign(key, message)}
        schedule = ("CheckpointSchedule", "CheckpointAttested", attested)
        life.private.transact(sender, life.private.addresses["CheckpointSchedule"], b"", [schedule])
    event = {"sequence": 2, "head": head, "manifest_digest": made_for.manifest_digest, "checkpoint": made_for}
    anchored: Told = ("CheckpointAnchor", "CheckpointAnchored", {**event, "signers": 0b11})
    life.public.transact(own, anchor, b"", [anchored])
    life._head = head
    bundle = made(life, collected(life), "all")
    report = checked(bundle.data, bundle.anchors)
    assert [str(item) for item in report.findings] == []
    notes = report.result("signatures").notes
    assert "2 of them by a delegate of epoch 1, and not of the one that was signed for" in notes
    assert "only records under no root name these signers" not in told(report)
