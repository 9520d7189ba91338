"""The verbs of the page: what they are given wrongly is told in one line, before any chain is asked."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner
from unit.audit.bundles import made
from unit.audit.life import Life
from unit.audit.site_world import busy_material

from orchestrator.audit import Evidence
from orchestrator.audit.site import Material, folder
from orchestrator.audit.site.evaluation import read_evaluation
from orchestrator.commands import audit_site
from orchestrator.commands.audit import app
from orchestrator.errors import ConfigurationError, EnvironmentMissing, FormatError, LoranchorError
from orchestrator.settings import compose


def run(*words: str) -> tuple[int, str, BaseException | None]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output, done.exception


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    built = tmp_path / "page"
    built.mkdir()
    (built / "index.html").write_text("<html><head></head></html>")
    monkeypatch.setattr(folder, "PAGE", built)


def refused(error: BaseException | None, kind: type[LoranchorError], words: str) -> None:
    assert isinstance(error, kind)
    assert words in error.message


@pytest.mark.usefixtures("page")
def test_site_writes_page_and_view(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    material: Material = busy_material()
    monkeypatch.setattr(audit_site.Source, "material", lambda _: material)
    code, output, _ = run("site", "--to", str(tmp_path / "site"), "--json")
    assert code == 0
    said = json.loads(output)
    index = json.loads((tmp_path / "site" / "view" / "index.json").read_text())
    assert said["files"] == sum(path.is_file() for path in (tmp_path / "site").rglob("*"))
    assert index["consortium_id"] == material.consortium_id
    assert index["evaluation"] is None


def test_a_page_that_was_not_built_is_told_before_chains_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(folder, "PAGE", tmp_path / "nothing")
    refused(run("site", "--to", str(tmp_path / "site"))[2], EnvironmentMissing, "not built")
    refused(run("serve")[2], EnvironmentMissing, "not built")


@pytest.mark.usefixtures("page")
def test_site_of_a_bundle_asks_no_chain(life: Life, evidence: Evidence, tmp_path: Path) -> None:
    bundle = made(life, evidence, "all")
    file, anchors = tmp_path / "audit.bundle", bundle.anchors
    file.write_bytes(bundle.data)
    named = ["--bundle", str(file), "--block-hash", anchors.block_hash, "--anchor", anchors.anchor]
    code, output, error = run("site", "--to", str(tmp_path / "site"), *named, "--chain-id", str(anchors.chain_id))
    assert code == 0, (output, error)
    assert json.loads((tmp_path / "site" / "view" / "index.json").read_text())["source"] == "bundle"
    refused(run("site", "--to", str(tmp_path / "b"), *named)[2], ConfigurationError, "--chain-id")
    refused(run("site", "--to", str(tmp_path / "b"), *named, "--ipfs", "http://x")[2], ConfigurationError, "offline")


@pytest.mark.usefixtures("page")
def test_serve_refuses_a_folder_without_a_site(tmp_path: Path) -> None:
    refused(run("serve", "--site", str(tmp_path))[2], ConfigurationError, "there is no site")


@pytest.mark.usefixtures("page")
def test_an_evaluation_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    refused(
        run("site", "--to", str(tmp_path / "a"), "--evaluation", str(tmp_path / "no.json"))[2],
        ConfigurationError,
        "no.json",
    )
    (tmp_path / "bad.json").write_text('{"format": "other", "version": 1}')
    with pytest.raises(LoranchorError, match="other"):
        read_evaluation(tmp_path / "bad.json")
    (tmp_path / "worse.json").write_text("{")
    with pytest.raises(FormatError):
        read_evaluation(tmp_path / "worse.json")


def test_curves_are_means_over_the_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "report"))
    given = import_module("evaluation_sample").evaluation()
    (tmp_path / "evaluation.json").write_text(json.dumps(given))
    found = read_evaluation(tmp_path / "evaluation.json")
    assert [attack["k"] for attack in found["attacks"]] == [0, 10, 100]
    curves = given["relearning"][0]["curves"]
    last = [curve["unlearned"][-1] for curve in curves]
    assert found["attacks"][0]["steps"] == curves[0]["steps"]
    assert found["attacks"][0]["values"]["unlearned"][-1] == pytest.approx(sum(last) / len(last) / 1e6, abs=1e-5)
    assert found["verdict"] == "passed"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("null", None), ("https://sepolia.etherscan.io/", "https://sepolia.etherscan.io"), ("http://127.0.0.1:4000", "http://127.0.0.1:4000")],
)  # fmt: skip
def test_block_explorers_are_web_addresses(setting: str, expected: str | None) -> None:
    assert compose([f"chain.public.explorer={setting}"]).explorer("public") == expected


def test_anything_else_is_no_block_explorer() -> None:
    """It becomes a link that people press."""
    with pytest.raises(ConfigurationError, match="no web address"):
        compose(["chain.private.explorer='javascript:alert(1)'"]).explorer("private")
