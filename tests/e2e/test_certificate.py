"""`loranchor revoke verify` on a real run: its certificate holds with files alone, and a changed digit is rejected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Run


def verify(run: Run, certificate: Path, *words: str) -> tuple[int, dict[str, Any]]:
    done = run.loranchor(
        "revoke", "verify", str(certificate), "--handover", str(run.root / "handover"), *words, "--json"
    )
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout or done.stderr)


def certificate_of(run: Run) -> Path:
    files = (run.root / "handover" / "certificates").glob("*.json")
    return next(path for path in files if not path.name.endswith(".signatures.json"))


def head_of(run: Run) -> str:
    """Of the public chain's anchor, as the handover tells it."""
    document = json.loads((run.root / "handover" / "checkpoints.json").read_bytes())
    return str(document["checkpoints"][-1]["head"])


def test_the_certificate_of_a_run_holds_offline(run: Run) -> None:
    code, told = verify(run, certificate_of(run), "--head", head_of(run))
    assert (code, told["accepted"], told["rejected"]) == (0, True, [])
    assert len(told["signers"]) >= 2
    figures = json.loads(certificate_of(run).read_bytes())["figures"]
    assert figures and all(item["members"] == 3 for item in figures)


def test_one_changed_digit_is_rejected(run: Run, tmp_path: Path) -> None:
    """It is another certificate then, which nobody certified, and its figures do not follow from its rows."""
    changed = tmp_path / "certificate.json"
    data = certificate_of(run).read_bytes()
    figures = json.loads(data)["figures"][0]
    before = f'"samples":{figures["samples"]}'.encode()
    assert data.count(before) >= 1
    changed.write_bytes(data.replace(before, f'"samples":{figures["samples"] + 1}'.encode(), 1))
    code, told = verify(run, changed)
    assert code == 8 and [item["name"] for item in told["rejected"]] == ["figures", "altered", "records", "records"]
