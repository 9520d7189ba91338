"""`loranchor audit verify` on a real run: passes, and finds one changed byte in what was handed over."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import Run


def verify(run: Run, handover: Path) -> tuple[int, str]:
    done = run.loranchor("audit", "verify", "--run-dir", str(run.root), "--handover", str(handover), "--json")
    return done.returncode, done.stdout + done.stderr


def test_passes_as_handed_over(run: Run) -> None:
    code, output = verify(run, run.root / "handover")
    assert code == 0, output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    "kind", ["records.jsonl", "manifests", "checkpoints.json", "awards", "certificates", "receipts"]
)
def test_one_changed_digit_is_found_and_named(run: Run, tmp_path: Path, kind: str) -> None:
    handover = tmp_path / "handover"
    shutil.copytree(run.root / "handover", handover)
    target = handover / kind
    if target.is_dir():
        target = sorted(path for path in target.rglob("*") if path.is_file())[0]
    data = bytearray(target.read_bytes())
    place = data.rindex(b"0x") + 10
    data[place] = ord("1") if data[place] != ord("1") else ord("2")
    target.write_bytes(bytes(data))
    code, output = verify(run, handover)
    assert code == 8, output
    assert target.name in output or kind in output


def test_verdict_for_programs_is_json(run: Run) -> None:
    code, output = verify(run, run.root / "handover")
    assert code == 0
    document = json.loads(output)
    assert document["ok"] is True
    assert {"records", "checkpoints", "awards", "revocations"} <= {check["name"] for check in document["checks"]}
