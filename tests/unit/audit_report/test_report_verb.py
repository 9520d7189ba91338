"""`audit report`: what it writes where, and what it refuses before an audit that may take long."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.audit.report import AuditReport, CheckResult, Finding
from orchestrator.cli import run

GOOD = AuditReport((CheckResult("records", "Records", 9),), {"consortium_id": "0x12"}, ("nothing",))
BAD = AuditReport((CheckResult("records", "Records", 9, (Finding("record 1", "it differs"),)),))


def stored(folder: Path, result: AuditReport) -> str:
    path = folder / "result.json"
    path.write_text(json.dumps(result.document()), "utf-8")
    return str(path)


def test_a_folder_gets_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "out"
    assert run(["audit", "report", "--to", str(out), "--from", stored(tmp_path, GOOD), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] and sorted(Path(path).name for path in said["files"]) == ["audit-report.html", "audit-report.pdf"]
    assert (out / "audit-report.pdf").read_bytes().startswith(b"%PDF-1.7")
    assert b"Everything that could be checked agrees" in (out / "audit-report.html").read_bytes()


def test_a_failed_audit_is_written_and_ends_with_8(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "bad.html"
    assert run(["audit", "report", "--to", str(target), "--from", stored(tmp_path, BAD)]) == 8
    assert "findings: 1" in capsys.readouterr().out and "it differs" in target.read_text("utf-8")


def test_japanese_is_a_page(tmp_path: Path) -> None:
    assert run(["audit", "report", "--to", str(tmp_path), "--language", "ja", "--from", stored(tmp_path, GOOD)]) == 0
    assert "すべて一致" in (tmp_path / "audit-report.html").read_text("utf-8")
    assert not (tmp_path / "audit-report.pdf").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "x.pdf", "--format", "html"], "is no file for html"),
        (["--to", "out", "--format", "docx"], "there is no format 'docx'"),
        (["--to", "out", "--language", "fr"], "there is no report in 'fr'"),
        (["--to", "x.pdf", "--language", "ja"], "no font is packaged"),
        (["--to", "out", "--from", "none.json"], "cannot read none.json"),
        (["--to", "/dev/null/x.html", "--from", "RESULT"], "cannot write"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = stored(tmp_path, GOOD)
    assert run(["audit", "report", *(result if item == "RESULT" else item for item in arguments)]) == 2
    assert words in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
