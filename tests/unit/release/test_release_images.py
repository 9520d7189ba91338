"""`loranchor release check` of a classifier of images, from folders to a page with pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.torch import save_file

from orchestrator import cli
from orchestrator.release.image_models import ImageConfig, fresh, save_image_model
from orchestrator.release.report import ReleaseReport
from tests.unit.attacks_evasion.striped import stripes

CONFIG = ImageConfig("lenet-relu", 4, 1, 8, 0.5, 0.25)
SMALL = {"evasion.samples": 8, "evasion.steps": 2, "inversion.steps": 5, "backdoors.searched": 8, "backdoors.steps": 5}


@pytest.fixture
def typed(tmp_path: Path) -> list[str]:
    """What is typed: a network that was never trained, two others in place of folds, and pictures."""
    for number, name in enumerate(("model", "without-a", "without-b")):
        (tmp_path / name).mkdir()
        save_image_model(fresh(CONFIG, number), tmp_path / name)
    for name, seed in (("members", 1), ("others", 2)):
        pixels, labels = stripes(40, seed)
        save_file({"pixels": (255 * pixels).byte(), "labels": labels}, tmp_path / f"{name}.safetensors")
    sets = [f"release.{name}={tmp_path / name}.safetensors" for name in ("members", "others")]
    folds = [f"+release.folds.{name}={tmp_path / f'without-{name}'}" for name in ("a", "b")]
    small = [f"+release.checks.{name}={value}" for name, value in SMALL.items()]
    options = ["--to", str(tmp_path / "report"), "--policy", "figures", "release.bootstrap.draws=100"]
    return ["release", "check", str(tmp_path / "model"), *options, *sets, *folds, *small]


def test_every_check_of_images_is_in_the_report_and_the_reconstructions_on_the_page(
    typed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(typed) == 0
    capsys.readouterr()
    report = ReleaseReport.from_bytes((tmp_path / "report" / "release-report.json").read_bytes().rstrip(b"\n"))
    verdicts = {row.name: row.verdict for row in report.rows}
    assert report.kind == "image_classifier" and {"canaries", "extraction", "data"} <= {
        name for name, verdict in verdicts.items() if verdict == "not-run"
    }
    measured = {"membership.loss", "evasion.fgsm", "evasion.pgd", "backdoors", "inversion", "clusters", "supply.files"}
    assert not {name for name in measured if verdicts[name] == "not-run"}
    page = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert "A classifier of images" in page and page.count("<figure><svg") == 1 and "<script" not in page
    assert cli.run([*typed, "--json"]) == 2  # the folder is there


def test_a_pickle_beside_the_weights_fails_the_model_and_is_named(
    typed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model" / "optimizer.pt").write_bytes(b"\x80\x04.")
    kept = [word for word in typed if "folds" not in word]
    assert cli.run([*kept, "--json"]) == 10
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "fail"
    assert any("optimizer.pt" in name for row in told["findings"] for name in row["named"])
