"""`make bench-inversion`: a whole run on small files, tables, verdicts and sheets."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.harness import Outcome, Plan, Result, markdown, measure, preset_named
from benchmarks.inversion import cell, sizes
from benchmarks.inversion.__main__ import BENCHMARK
from benchmarks.inversion.expectations import broken, expectations
from benchmarks.inversion.figures import Line, lines, successes, values, wilson
from benchmarks.inversion.report import report, sheet_name
from benchmarks.inversion.sheets import BELOW, GAP, LEFT, SIDE, sheets
from benchmarks.inversion.sizes import BLOCK, LENET, LENET_ROWS, PATCHES, RESNET_ROWS, plan
from orchestrator.attacks.inversion import cases
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.registry import ATTACKS
from tests.unit.data.image_files import fashion_folder

NONE, _, PAPER, _, FREE = Knowledge
PLANS = {name: plan(preset_named(name)) for name in ("default", "full")}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Result]:
    """Every kind of cell once, on files of stripes."""
    place, threads = tmp_path_factory.mktemp("inversion"), torch.get_num_threads()
    folder = fashion_folder(place / "images", 40, 6)
    rows = (
        sizes.Row("recursive", {NONE: 2, FREE: 1}),
        sizes.Row("dlg", {NONE: 1, PAPER: 1}, {"rounds": 1, "starts": 1}),
        sizes.Row("ggl", {NONE: 1}, {"generations": 1}),
        sizes.Row("from-update", {NONE: 1}, {"iterations": 2}),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "PHOTOGRAPHS", sizes.FASHION)
        patch.setitem(LENET_ROWS, "default", rows)
        patch.setitem(RESNET_ROWS, "default", ())
        patch.setitem(sizes.DECODERS, "default", {"latent": 2, "steps": 1, "pictures": 8})  # type: ignore[arg-type]
        patch.setattr(cases, "load_images", lambda name, _: real(name, folder))
        cases.attacked.cache_clear()
        cell._decoder.cache_clear()
        yield measure(replace(BENCHMARK, sources=[], plan=once), preset_named("default"), place)
    cases.attacked.cache_clear()
    cell._decoder.cache_clear()
    torch.set_num_threads(threads)


real = cases.load_images


def once(preset: Any) -> Plan:
    """Both sets are one here: each cell once."""
    found = plan(preset)
    return Plan(list({str(one): one for one in found.cells}.values()), found.seeds, found.interval)


def line(result: Result, method: str, knowledge: Knowledge) -> Line:
    return next(one for one in lines(result) if (one.method, one.knowledge) == (method, knowledge.value))


def test_every_cell_has_figures_and_the_closed_form_attack_succeeds(result: Result) -> None:
    assert {cell.status for cell in result.cells} == {"done"}
    assert successes(result, line(result, "recursive", NONE)) == (2, 2)
    assert len(values(result, line(result, "dlg", PAPER), "ssim")) == 1


def test_the_page_names_every_attack_and_all_sheets(result: Result) -> None:
    page = markdown(report(result), result)
    for one in lines(result):
        assert f"| {one.method} | {one.knowledge} |" in page
    drawn = sheets(result)
    assert all(f"({name})" in page for name in drawn) and len(drawn) == 1
    assert "| 100 [34, 100] |" in page  # both images, by Wilson


def test_a_sheet_has_the_images_and_a_row_for_each_attack(result: Result) -> None:
    ((name, drawn),) = sheets(result).items()
    with Image.open(io.BytesIO(drawn)) as opened:
        sheet = np.asarray(opened.convert("RGB"))
    assert name.endswith(".png") and len(drawn) < 200_000
    row = SIDE + BELOW + GAP
    assert sheet.shape[0] == GAP + row * (1 + len(lines(result)))
    own = [one.method for one in lines(result)].index("recursive") + 1  # closed form: as the images above
    truth, found = (sheet[GAP + number * row :][:SIDE, LEFT : LEFT + SIDE].astype(float) for number in (0, own))
    assert truth.std() > 20 and np.abs(truth - found).mean() < 2


def judged(method: str, knowledge: Knowledge, similar: list[float]) -> Result:
    """A result of one line with these SSIM."""
    about = {"part": "attack", "data": "fashion-mnist", "network": LENET, "method": method, "settings": {}}
    gained = [{"ssim": value, "psnr": 1.0, "seconds": 1.0, "label": True, "figures": {}} for value in similar]
    one = Outcome({**about, "knowledge": knowledge.value}, "done", {"gained": gained})
    return Result("inversion", "default", (0,), "", "", "", "0x" + 64 * "0", "2026-01-01", {}, (), (one,))


@pytest.mark.parametrize(
    ("method", "knowledge", "similar", "verdict"),
    [
        ("dlg", NONE, [0.9, 0.9, 0.1], "holds"),
        ("dlg", NONE, [0.9, 0.1], "does not hold"),
        ("grnn", PAPER, [0.1, 0.3], "holds"),
        ("grnn", PAPER, [0.1, 0.4], "does not hold"),
        ("recursive", FREE, [0.9], "does not hold"),
        ("recursive", FREE, [0.0], "holds"),
    ],
)
def test_verdicts_follow_from_the_figures(
    method: str, knowledge: Knowledge, similar: list[float], verdict: str
) -> None:
    found = judged(method, knowledge, similar)
    assert [one[2] for one in expectations(found)] == [verdict]
    assert bool(broken(found)) == (verdict != "holds")
    assert markdown(report(found), found).count("| does not hold |") == len(broken(found))


@pytest.mark.parametrize("preset", PLANS)
def test_presets_have_as_many_images_as_is_promised_and_the_claims_come_first(preset: str) -> None:
    counts: dict[tuple[str, str, str, str], int] = {}
    for one in PLANS[preset].cells:
        if one["part"] == "attack":
            assert 1 <= len(one["images"]) <= BLOCK and one["method"] in ATTACKS
            known = (one["network"], one["method"], one["data"], one["knowledge"])
            counts[known] = counts.get(known, 0) + len(one["images"])
            assert one["data"] == cases.FASHION or max(one["images"]) < PATCHES
    for data in cases.SETS:
        for knowledge in (NONE, PAPER, FREE):
            assert counts[LENET, "dlg", data, knowledge.value] >= 20
            assert counts[LENET, "inverting-gradients", data, knowledge.value] >= 20
            assert counts[LENET, "grnn", data, knowledge.value] >= 5
    assert counts["resnet20", "inverting-gradients", cases.PHOTOGRAPHS, NONE.value] >= 3
    assert PLANS[preset].seeds == tuple(range(4 if preset == "default" else 10))  # a network for five images
    assert len({str(one) for one in PLANS[preset].cells}) == len(PLANS[preset].cells)


def test_wilsons_interval_of_known_shares() -> None:
    """Values of the textbook formula: 0 of 10 and 5 of 10."""
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(10, 10)[1] == 1.0


def test_sheets_are_named_by_network_and_set() -> None:
    assert sheet_name("lenet, fashion-mnist") == "inversion-lenet-fashion-mnist.png"
