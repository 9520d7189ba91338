"""An honest bundle agrees, whatever it discloses, and is the same every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from unit.audit.bundles import checked, collected, made
from unit.audit.foundation import PUBLIC
from unit.audit.ledger_chain import Told
from unit.audit.life import Life
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, authority, private_key, sign

from orchestrator.audit import Evidence
from orchestrator.audit.bundle.told import Sealed
from orchestrator.cli import run
from orchestrator.commitment.checkpoints import checkpoint_digest, head_of
from orchestrator.types import ZERO_DIGEST

RULES = ("records", "rounds", "verdicts", "revocations", "receipts", "checkpoints", "updates")


@pytest.mark.parametrize("terms", [("none",), ("all",), ("kind:RoundClosed", "round:1"), ("organisation:cumulus",)])
def test_an_honest_bundle_agrees(life: Life, evidence: Evidence, terms: tuple[str, ...]) -> None:
    bundle = made(life, evidence, *terms)
    report = checked(bundle.data, bundle.anchors)
    assert [str(item) for item in report.findings] == []
    assert report.ok
    applied = {result.name for result in report.results} & set(RULES)
    assert applied == (set(RULES) if terms == ("all",) else set())


def test_the_same_chains_make_the_same_file(life: Life, evidence: Evidence) -> None:
    assert made(life, evidence, "all").data == made(life, evidence, "all").data


def test_what_is_not_disclosed_is_not_there(life: Life, evidence: Evidence) -> None:
    """Neither fields nor salts nor raw transactions; and the report says how much could not be looked at."""
    bundle = made(life, evidence, "none")
    text = b"".join(bundle.raw)
    hidden = [record for record in evidence.private.records if record.salt != ZERO_DIGEST]
    assert not [record for record in hidden if record.salt.encode() in text or record.transaction.encode() in text]
    told, size = checked(bundle.data, bundle.anchors).not_checked, life.anchored[-1].tree_size
    under = [record for record in evidence.private.records[:size] if record.salt != ZERO_DIGEST]
    assert any(item.startswith(f"{len(under)} records that are not disclosed: only") for item in told)
    assert any(item.startswith(f"{len(hidden) - len(under)} records under no root: told") for item in told)


def test_what_is_gone_is_shredded_as_certified_or_missing(life: Life, evidence: Evidence) -> None:
    """The maker tells which sealed objects it has; the records tell which may be gone."""
    bundle = made(life, evidence, "all")
    notes = checked(bundle.data, bundle.anchors).result("updates").notes
    assert "objects absent: 4, certified, and not every receipt is under a root" in notes
    kept = next(line for line in bundle.lines if isinstance(line, Sealed) and line.payload)
    lines = tuple(replace(line, payload=False) if line is kept else line for line in bundle.lines)  # type: ignore[type-var]
    findings = checked(replace(bundle, lines=lines).data, bundle.anchors).findings
    assert [item.message for item in findings] == ["its payload is missing, and no certificate covers it"]
    assert kept.update_id in findings[0].subject


def test_of_a_long_history_it_says_that_the_rules_are_not_applied(
    life: Life, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.audit.bundle.check_leaves.MOST_RECORDS", 10)
    bundle = made(life, evidence, "all")
    report = checked(bundle.data, bundle.anchors)
    assert report.ok and not {item.name for item in report.results} & set(RULES)
    assert any("longer than they are applied to" in item for item in report.not_checked)


def test_the_verb_ends_with_its_exit_codes(
    life: Life, evidence: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, path = made(life, evidence, "all"), tmp_path / "bundle"
    path.write_bytes(bundle.data)
    own = {"--block-hash": bundle.anchors.block_hash, "--anchor": bundle.anchors.anchor, "--chain-id": "31337"}

    def ran(file: Path = path, **given: str) -> int:
        named = {**own, **{"--" + name.replace("_", "-"): value for name, value in given.items()}}
        return run(["audit", "verify", "--bundle", str(file), *[word for pair in named.items() for word in pair]])

    assert ran() == 0
    assert "Everything agrees" in capsys.readouterr().out
    assert ran(anchor="0x" + "11" * 20) == 8
    assert "The audit failed" in capsys.readouterr().out
    assert ran(block_hash="0x11") == 2 and ran(tmp_path / "absent") == 2 and ran(tmp_path) == 2
    assert run(["audit", "verify", "--bundle", str(path)]) == 2
    assert run(["audit", "verify", "--bundle", str(path), "--run-dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("error: ") == 5


def test_a_checkpoint_may_be_signed_for_an_epoch_that_the_private_chain_comes_to_later() -> None:
    """Its content is of a block before the change; the records of the new epoch are under no root yet."""
    life = Life()
    life.round()
    life.anchor = life.pay = lambda: None  # type: ignore[assignment,method-assign,return-value]
    life.round()
    life.remove(CUMULUS)
    told: list[Told] = [("Consortium", "MemberRemoved", {"organisation": CUMULUS, "authority": authority(CUMULUS)})]
    digest = life.ledger.state.members.consortium_digest
    advanced = {"epoch": 2, "consortium_digest": digest, "quorum": 2, "members": 2}
    told.append(("Consortium", "EpochAdvanced", advanced))
    life.public.transact(private_key("authority", AURORA), life.public.addresses["Consortium"], b"", told)
    due = life.ledger.state.due[-1]
    content = life.ledger.checkpoint_content(due, life.private.block(due.block).hash, life.tasks)
    made_for = content.checkpoint(previous_head=life._head, consortium_digest=digest, epoch=2)
    head, anchor = head_of(made_for), life.public.addresses["CheckpointAnchor"]
    message = checkpoint_digest(made_for, PUBLIC, anchor)
    for name in (AURORA, BOREALIS):
        signature = sign(private_key("delegate", name), message)
        attested = {"sequence": 2, "organisation": name, "head": head, "signature": signature}
        schedule = ("CheckpointSchedule", "CheckpointAttested", attested)
        life.private.transact(
            private_key("delegate", name), life.private.addresses["CheckpointSchedule"], b"", [schedule]
        )
    event = {"sequence": 2, "head": head, "manifest_digest": made_for.manifest_digest, "checkpoint": made_for}
    anchored: Told = ("CheckpointAnchor", "CheckpointAnchored", {**event, "signers": 0b11})
    life.public.transact(private_key("delegate", AURORA), anchor, b"", [anchored])
    life._head = head
    bundle = made(life, collected(life), "all")
    assert [str(item) for item in checked(bundle.data, bundle.anchors).findings] == []
