"""`make bench-relearning`: a whole run on small files, what is trained only once, tables, claims and plot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

from benchmarks.harness import Figures, Result, markdown, measure, preset_named, read_result
from benchmarks.relearning import artefacts, cell, sizes, stages
from benchmarks.relearning.__main__ import BENCHMARK
from benchmarks.relearning.claims import broken
from benchmarks.relearning.figures import curves, unlearned
from benchmarks.relearning.plot import plot
from benchmarks.relearning.report import PLOT, report
from benchmarks.relearning.sizes import NETWORKS, PRETRAINED, RETRAINED, SIZES, Size
from orchestrator.errors import DataError
from orchestrator.unlearning.methods import method_named
from tests.unit.data.image_files import fashion_folder

TINY = Size(
    images=210,
    tests=30,
    width=1 / 16,
    batch=64,
    mirrored=False,
    steps=100,
    rate=1e-2,
    proxy_width=1 / 16,
    proxy_steps=30,
    unlearning_steps=2,
    unlearning_rate=1e-3,
    attack_steps=2,
    attack_rate=1e-3,
    every=1,
    ks=(0, 1),
)
PAGES = Path(__file__).parents[3] / "docs" / "benchmarks"
STRIPES: dict[str, int] = {"size": 9, "classes": 3}
RUN = ("finetune", "scrub", "weight-distortion", "tar")
BY_HEART = {30 * number for number in range(7)}
"""Places of the images that show another class than their label's, in the files' order."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A tiny preset on files of stripes, in a folder of its own."""
    threads, place = torch.get_num_threads(), tmp_path_factory.mktemp("relearning")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SIZES, "default", TINY)
        patch.setattr(sizes, "methods", lambda: RUN)
        patch.setattr(artefacts, "FOLDER", place / "artefacts")
        images = fashion_folder(place / "images", TINY.images, TINY.tests, **STRIPES, every=10)
        patch.setenv("IMAGES_FOLDER", str(images))
        patch.delenv("IMAGES", raising=False)
        forget()
        yield place
    forget()
    torch.set_num_threads(threads)


def forget() -> None:
    for known in (stages.forget_set, stages._images):
        known.cache_clear()


def run(folder: Path, work: Callable[..., Figures] = cell.work) -> Result:
    return measure(replace(BENCHMARK, sources=[], work=work), preset_named("default"), folder)


@pytest.fixture(scope="module")
def whole(folder: Path) -> Result:
    return run(folder)


# -- a whole run


def test_a_run_has_all_its_cells_and_their_figures(whole: Result) -> None:
    assert [item.status for item in whole.cells] == ["done"] * (NETWORKS + 2 + len(RUN))
    assert unlearned(whole) == ["finetune", "scrub", "weight-distortion", "tar"]
    for name in (RETRAINED, *RUN):
        for k in TINY.ks:
            steps, (values,) = curves(whole, name, k)
            assert steps == [0, 1, 2] and all(0 <= value <= 1 for value in values)
    (before,) = [item.figures for item in whole.cells if item.configuration.get("method") == PRETRAINED]
    assert before is not None and "curves" not in before and before["forget"] > 0.8


def test_the_proxy_finds_what_can_only_be_learnt_by_heart(whole: Result, folder: Path) -> None:
    stage = stages.Stage("fashion-mnist", folder / "images", TINY, 0)
    order = torch.randperm(TINY.images, generator=torch.Generator().manual_seed(0)).tolist()
    assert {order[place] for place in stages.forget_set(stage)} == BY_HEART
    figures = {item.configuration["method"]: item.figures for item in whole.cells if "method" in item.configuration}
    assert figures[PRETRAINED]["forget"] - figures[RETRAINED]["forget"] > 0.5
    assert figures[RETRAINED]["test"] > 0.9 and not broken(whole)


def test_nothing_is_trained_twice(whole: Result, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {path.name: path.stat().st_mtime_ns for path in (folder / "artefacts").glob("*.safetensors")}
    assert len(made) == NETWORKS + 2

    def untrained(*arguments: object) -> None:
        raise AssertionError("this was trained before")

    monkeypatch.setattr(stages, "fit", untrained)
    forget()
    again = run(folder / "elsewhere")  # a new store of cells, the same artefacts
    assert {path.name: path.stat().st_mtime_ns for path in (folder / "artefacts").glob("*.safetensors")} == made
    assert [without_seconds(item.figures) for item in again.cells] == [without_seconds(i.figures) for i in whole.cells]
    monkeypatch.setattr(cell, "work", untrained)
    assert [item.figures for item in run(folder).cells] == [item.figures for item in whole.cells]
    assert read_result(folder / "runs" / "bench" / "relearning.json").cells == whole.cells


def without_seconds(figures: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (figures or {}).items() if name != "seconds"}


def test_other_images_are_other_artefacts(whole: Result, folder: Path, tmp_path: Path) -> None:
    first, other = (
        stages.Stage("fashion-mnist", place, TINY, 0).about()
        for place in (folder / "images", fashion_folder(tmp_path, TINY.images, TINY.tests, **STRIPES))
    )
    assert {name for name in first if first[name] != other[name]} == {"digest"}


def test_a_method_without_a_model_says_why(whole: Result, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: object, **named: object) -> None:
        raise DataError("the loss of step 2 is not finite")

    (item,) = [item for item in whole.cells if item.configuration.get("method") == "finetune"]
    monkeypatch.setattr(type(method_named("finetune")), "run", refused)
    figures = cell.work(item.configuration)
    assert figures == {"refused": "the loss of step 2 is not finite"}
    changed = [replace(one, figures=figures) if one is item else one for one in whole.cells]
    result = replace(whole, cells=tuple(changed))
    assert "| finetune | no model: the loss of step 2 is not finite |" in markdown(report(result), result)
    assert "finetune" not in unlearned(result) and ">finetune<" not in plot(result)


def test_the_page_and_the_plot_follow_from_the_result(whole: Result) -> None:
    page = markdown(report(whole), whole)
    assert PLOT in page and "| weight-distortion | sigma 0.08 |" in page and "What this does not show" in page
    drawn = ElementTree.fromstring(plot(whole))
    lines = [item for item in drawn.iter() if item.tag.endswith("polyline")]
    assert len(lines) == 2 * len(RUN) * len(TINY.ks)
    assert drawn[0].text and "retrained k=0" in (drawn[1].text or "")
    width, height = map(float, drawn.attrib["viewBox"].split()[2:])
    for line in lines:
        for x, y in (map(float, point.split(",")) for point in line.attrib["points"].split()):
            assert 0 <= x <= width and 0 <= y <= height
