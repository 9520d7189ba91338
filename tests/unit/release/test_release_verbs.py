"""`loranchor release check` and `verify` on tiny models, from folders to a signed report."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from orchestrator import cli
from orchestrator.keystore import Keystore
from orchestrator.release.report import ReleaseReport
from orchestrator.release.signed import SignedReport
from orchestrator.types import ZERO_DIGEST

SMALL = ["release.length=24", "release.prefix=3", "release.suffix=4", "release.bootstrap.draws=200"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An organisation's, with a keystore that opens quickly."""
    real = Keystore.create
    monkeypatch.setattr(Keystore, "create", lambda home, password: real(home, password, scrypt_n=2))
    (tmp_path / "password").write_text("correct horse\n")
    (tmp_path / "password").chmod(0o600)
    options = ["--name", "aurora", "--home", str(tmp_path / "home"), "--password-file", str(tmp_path / "password")]
    assert cli.run(["org", "init", *options]) == 0
    return tmp_path / "home"


def arguments(folder: Path, model: str, out: Path, *more: str) -> list[str]:
    sets = [f"release.{name}={folder / name}.jsonl" for name in ("members", "others", "population")]
    reference = ["--reference", str(folder / "unseen")]
    return ["release", "check", str(folder / model), "--to", str(out), *reference, *more, *sets, *SMALL]


def test_an_overfit_model_fails_and_its_report_is_signed_and_holds(
    release_writers: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report"
    signing = ["--home", str(home), "--password-file", str(tmp_path / "password")]
    assert cli.run(arguments(release_writers, "overfit", out, *signing)) == 10
    assert "Verdict by safe-default: fail" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {
        "index.html",
        "release-report.json",
        "release-report.signed.json",
    }
    report = ReleaseReport.from_bytes((out / "release-report.json").read_bytes().rstrip(b"\n"))
    assert report.verdict == "fail" and report.manifest == ZERO_DIGEST
    assert {row.name: row.verdict for row in report.rows}["canaries"] == "not-run"
    signed = out / "release-report.signed.json"
    address = Keystore.addresses(home).delegate
    assert SignedReport.from_bytes(signed.read_bytes().rstrip(b"\n")).signer() == address
    assert cli.run(["release", "verify", str(signed), "--delegate", address, "--json"]) == 10
    assert json.loads(capsys.readouterr().out)["report"] == report.digest


def test_the_page_shows_each_judged_figure_and_loads_nothing(release_writers: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    assert cli.run(arguments(release_writers, "overfit", out, "--policy", "figures")) == 0
    page = (out / "index.html").read_text("utf-8")
    assert "Verdict by figures: pass" in page and "Nobody signed this report" in page
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    plots = page.split("<svg")[1:]
    assert len(plots) == 6
    for plot in plots:
        assert ElementTree.fromstring("<svg" + plot.split("</svg>")[0] + "</svg>").tag == "svg"


def test_a_report_for_another_manifest_or_by_another_key_is_refused_by_name(
    release_writers: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signing = ["--home", str(home), "--password-file", str(tmp_path / "password")]
    cli.run(arguments(release_writers, "blank", tmp_path / "report", "--policy", "figures", *signing))
    signed = str(tmp_path / "report" / "release-report.signed.json")
    capsys.readouterr()
    assert cli.run(["release", "verify", signed, "--manifest", "0x" + "12" * 32]) == 7
    assert "was made for manifest 0x00" in capsys.readouterr().err
    assert cli.run(["release", "verify", signed, "--delegate", "0x" + "34" * 20]) == 7
    assert "was signed by 0x" in capsys.readouterr().err
    assert cli.run(["release", "verify", signed]) == 0


def test_an_unknown_policy_and_a_taken_folder_are_told_before_anything_is_measured(
    release_writers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments(release_writers, "blank", tmp_path / "new", "--policy", "nope")) == 2
    assert "safe-default" in capsys.readouterr().err
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("mine")
    assert cli.run(arguments(release_writers, "blank", tmp_path / "there")) == 2
    assert cli.run(["release", "check", str(tmp_path / "no-model"), "--to", str(tmp_path / "new"), *SMALL]) != 0
    assert not (tmp_path / "new").exists()


def test_a_set_without_texts_is_told_by_the_setting_that_names_it(
    release_writers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "members.jsonl").write_text('{"other": "column"}\n')
    words = ["release", "check", str(release_writers / "blank"), "--to", str(tmp_path / "new")]
    assert cli.run([*words, f"release.members={tmp_path / 'members.jsonl'}"]) == 9
    assert "release.columns.text" in capsys.readouterr().err
    assert cli.run([*words, "release.samples=1"]) == 2
    assert "release.samples is 1" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
