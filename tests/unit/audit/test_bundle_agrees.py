"""An honest bundle agrees, whatever it discloses, and is the same every time."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.audit.bundles import checked, made
from unit.audit.life import Life

from orchestrator.audit import Evidence
from orchestrator.cli import run
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
    told = checked(bundle.data, bundle.anchors).not_checked
    assert any(item.startswith(f"{len(hidden)} records that are not disclosed") for item in told)


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
