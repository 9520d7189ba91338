"""Cells, gate, tables and plots of `make bench-unlearning`, from figures that are made up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks.harness import Outcome, Result, markdown, preset_named, read_result
from benchmarks.unlearning import cells
from benchmarks.unlearning.__main__ import BENCHMARK
from benchmarks.unlearning.cells import DEFAULT, plan, reference_of, rows
from benchmarks.unlearning.gate import attack_gaps, headroom, verdict, void
from benchmarks.unlearning.methods import registered, source_of
from benchmarks.unlearning.modes import (
    DROP,
    HEAL,
    ISOLATED_DROP,
    ISOLATED_ORIGINAL,
    ISOLATED_RETRAINED,
    MODES,
    ORIGINAL,
    REFERENCES,
    REPLAY,
    RETRAINED,
)
from benchmarks.unlearning.plot import PLOTS
from benchmarks.unlearning.report import broken, report
from benchmarks.unlearning.worlds import CANARIES, WORLDS
from orchestrator.attacks.relearning import SEEN_SHARE

PAGES = Path(__file__).parents[3] / "docs" / "benchmarks"
Change = Callable[[str, int], Mapping[str, Any]]


def nothing(row: str, seed: int) -> Mapping[str, Any]:
    return {}


def figures_of(row: str, seed: int, ks: list[int]) -> dict[str, Any]:
    """The retrained know 0.2, the originals half as much again and more, all others 0.01 more than the retrained."""
    level = 0.2 + 0.01 * seed
    level += {ORIGINAL: 0.4, ISOLATED_ORIGINAL: 0.4, RETRAINED: 0.0, ISOLATED_RETRAINED: 0.0}.get(row, 0.01)
    exact = {RETRAINED: "a", REPLAY: "a", ISOLATED_RETRAINED: "b", ISOLATED_DROP: "b"}
    return {
        "forget": level,
        "retain": 0.8,
        "test": 0.7,
        "auc": 0.5,
        "seconds": 0.1 if row in (DROP, ISOLATED_DROP) else 100.0,
        "payload": 1_000_000,
        "model": exact.get(row, row) + str(seed),
        "attacks": {str(k): {"steps": [0, 10], "values": [level, level + k / 1000]} for k in ks},
        **({"rounds": [0.5, 0.6, 0.65]} if row in (ORIGINAL, ISOLATED_ORIGINAL) else {}),
        **({"strength": 0.02, "kept": int(row != "ssd"), "seconds of tuning": 9.0} if row in registered() else {}),
    }


def result_of(change: Change = nothing, *, without: str = "", preset: str = "default") -> Result:
    found = []
    for item in plan(preset_named(preset)).cells:
        row, seed = item["row"], item["seed"]
        made = {**figures_of(row, seed, item["ks"]), **change(row, seed)}
        found.append(Outcome(item, "done", made) if row != without else Outcome(item))
    known = (
        "unlearning",
        preset,
        (0, 1, 2),
        "95 % t-interval over seeds",
        "make bench-unlearning",
        "c",
        "0x" + "a" * 64,
    )
    return Result(*known, "2026-01-01T00:00:00+00:00", {"torch": "1"}, (), tuple(found))


def under_attack(row: str, value: Callable[[int, int], float]) -> Change:
    """Another end of the attack with ten examples for one row."""

    def change(name: str, seed: int) -> Mapping[str, Any]:
        if name != row:
            return {}
        attacks = {str(k): {"steps": [0, 10], "values": [0.2, value(seed, k)]} for k in cells.KS}
        return {"attacks": attacks}

    return change


# -- cells


def test_the_default_preset_has_what_was_promised() -> None:
    listed = plan(preset_named("default")).cells
    vader = [item for item in listed if item["world"] == "vader"]
    for row in (*REFERENCES, *MODES, *cells.BEST):
        own = [item for item in vader if item["row"] == row]
        assert sorted(item["seed"] for item in own) == [0, 1, 2]
        assert {tuple(item["ks"]) for item in own} == {() if row == ISOLATED_ORIGINAL else (0, 10, 100)}
    rest = [item for item in vader if item["row"] in cells.others()]
    assert len(rest) == len(cells.others()) > 0
    assert {(item["seed"], tuple(item["ks"])) for item in rest} == {(0, (0, 100))}
    of_words = [item for item in listed if item["world"] == "chitchat"]
    assert {item["row"] for item in of_words} == {*REFERENCES, *MODES, *cells.FEW} and len(cells.FEW) == 3
    assert {item["seed"] for item in of_words} == {0}


def test_the_full_preset_has_everything() -> None:
    listed = plan(preset_named("full")).cells
    assert {tuple(item["ks"]) for item in listed if item["row"] != ISOLATED_ORIGINAL} == {cells.ALL_KS}
    for world in WORLDS:
        told = {(item["row"], item["seed"]) for item in listed if item["world"] == world}
        assert told == {(row, seed) for row in (*REFERENCES, *MODES, *registered()) for seed in range(3)}
        assert set(rows(world, full=True)) == {row for row, _ in told}


def test_the_chosen_methods_are_registered() -> None:
    assert set(cells.BEST) | set(cells.FEW) <= set(registered())
    assert len(cells.BEST) == 5 and DEFAULT in MODES


def test_a_method_has_cells_of_its_own_and_the_others_none_of_its_code() -> None:
    codes = {name: source_of(name) for name in registered()}
    assert len(set(codes.values())) == len(codes)
    found = {item["row"]: item.get("method") for item in plan(preset_named("full")).cells}
    assert {name: found[name] for name in codes} == codes and found[DROP] is None


def test_cells_know_all_sizes() -> None:
    assert {name: cells._cell(name, DROP, 0, (0,))["sizes"] for name in WORLDS} == {
        item["world"]: item["sizes"] for item in plan(preset_named("default")).cells
    }
    assert len({cells._cell(name, DROP, 0, (0,))["sizes"] for name in WORLDS}) == len(WORLDS)
    assert BENCHMARK.name == "unlearning"


def test_attackers_can_have_as_many_examples_as_are_asked_for() -> None:
    world = WORLDS["chitchat"]
    assert round(CANARIES * SEEN_SHARE) * world.copies + world.plain >= max(cells.ALL_KS)


# -- gate


def test_isolated_rows_are_compared_with_their_own_lineage() -> None:
    assert reference_of(ISOLATED_DROP) == ISOLATED_RETRAINED
    assert {reference_of(row) for row in (DROP, REPLAY, HEAL, "cbft")} == {RETRAINED}


def test_a_row_within_five_points_passes() -> None:
    result = result_of()
    assert attack_gaps(result, "vader", DROP, 10) == pytest.approx([1.0, 1.0, 1.0])
    assert verdict(result, "vader", DROP) == "passes"
    assert verdict(result, "chitchat", DROP) == "passes (one seed)"
    assert verdict(result, "vader", cells.others()[0]) == "passes (one seed)"


def test_a_wide_interval_fails_where_it_is_wide() -> None:
    change = under_attack(DROP, lambda seed, k: 0.2 + 0.01 * seed + k / 1000 + (0.04 * (seed - 1) if k == 10 else 0))
    result = result_of(change)
    assert sum(attack_gaps(result, "vader", DROP, 10)) == pytest.approx(0, abs=1e-9), "the mean alone would pass"
    assert verdict(result, "vader", DROP) == "fails: k=10"


def test_lost_retain_fails() -> None:
    for lost, told in ((0.019, "passes"), (0.021, "fails: retain")):
        result = result_of(lambda row, seed, lost=lost: {"retain": 0.8 - lost} if row == HEAL else {})
        assert verdict(result, "vader", HEAL) == told


def test_better_retain_is_no_failure() -> None:
    assert verdict(result_of(lambda row, seed: {"retain": 0.9} if row == HEAL else {}), "vader", HEAL) == "passes"


def test_a_row_or_a_reference_that_did_not_run_has_no_verdict() -> None:
    assert verdict(result_of(without=DROP), "vader", DROP) == "not run"
    assert verdict(result_of(without=RETRAINED), "vader", DROP) == "not run"


def test_headroom_in_points_and_in_bits() -> None:
    result = result_of()
    assert headroom(result, "vader").mean == pytest.approx(40)
    assert void(result, "vader", WORLDS["vader"]) is void(result, "chitchat", WORLDS["chitchat"]) is None

    def little(row: str, seed: int) -> Mapping[str, Any]:
        return {"forget": 0.29 + 0.01 * seed} if row == ORIGINAL else {}

    short = result_of(little)
    assert void(short, "vader", WORLDS["vader"]) == "9.0 points, 10 are needed"
    assert void(short, "chitchat", WORLDS["chitchat"]) == "1.3 bits of exposure, 5 are needed"
    assert [sentence for sentence in broken(short) if "void" in sentence] == [
        "vader is void: 9.0 points, 10 are needed",
        "chitchat is void: 1.3 bits of exposure, 5 are needed",
    ]


def test_what_breaks_a_limit_is_named() -> None:
    assert broken(result_of()) == []
    slow = result_of(lambda row, seed: {"seconds": 4.0} if row == DROP else {})
    assert broken(slow) == [f"{name}: a drop takes 1/25 of retraining, 1/50 is allowed" for name in WORLDS]
    unlike = result_of(lambda row, seed: {"model": "other"} if row == ISOLATED_DROP and seed == 1 else {})
    assert broken(unlike) == [f"vader: {ISOLATED_DROP} is not what training gave, with seed 1"]
    failing = result_of(under_attack(DEFAULT, lambda seed, k: 0.9))
    assert f"vader: the default, {DEFAULT}, fails: k=0, k=10, k=100" in broken(failing)


# -- tables and plots


def test_tables_say_all_of_it() -> None:
    tables = {table.title: table.markdown() for table in report(result_of()).tables}
    assert "40.0 [40.0, 40.0] (n=3) | – | there is something to forget |" in tables["Headroom"]
    gaps = tables[f"{WORLDS['vader'].title}: gaps to retrained"]
    assert f"| {DROP} | 1.0 [1.0, 1.0] (n=3) | 0.0 [0.0, 0.0] (n=3) | 1.0 [1.0, 1.0] (n=3) |" in gaps
    assert f"| {RETRAINED} |" not in gaps and "| passes |" in gaps
    levels = tables[f"{WORLDS['vader'].title}: figures"]
    assert f"| {RETRAINED} | 0.210 | 0.800 | 0.700 | 0.500 | 0.210 | 0.220 | 0.310 | 100.000 | 1.000 | – |" in levels
    assert "| 0.02* |" in levels and "| 0.02 |" in levels
    exact = tables["Exactness and time"]
    assert "3 of 3 seeds" in exact and "1/1,000 of retraining" in exact and "0.650 → 0.700" in exact


def test_what_did_not_run_says_so_everywhere() -> None:
    result = result_of(without=HEAL)
    page = markdown(report(result), result)
    lines = [line for line in page.splitlines() if line.startswith(f"| {HEAL} |")]
    assert len(lines) == 4 and all("not run" in line for line in lines)
    assert "What this does not show" in page and all(name in page for name in PLOTS)


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_plots_stay_within_their_frame(name: str) -> None:
    for result in (result_of(), result_of(without=DROP), result_of(preset="full"), Result(*_no_cells())):
        drawn = ElementTree.fromstring(PLOTS[name](result))
        width, height = (float(number) for number in drawn.attrib["viewBox"].split()[2:])
        for item in drawn.iter():
            for key, value in item.attrib.items():
                if key in ("cx", "x", "x1", "x2"):
                    assert 0 <= float(value) <= width
                if key in ("cy", "y", "y1", "y2"):
                    assert 0 <= float(value) <= height
            for point in item.attrib.get("points", "").split():
                x, y = map(float, point.split(","))
                assert 0 <= x <= width and 0 <= y <= height


def test_the_plot_of_gaps_has_a_dot_for_each_row_and_k() -> None:
    drawn = ElementTree.fromstring(PLOTS["unlearning-gaps.svg"](result_of()))
    dots = [item for item in drawn.iter() if item.tag.endswith("circle")]
    vader = 1 + len(MODES) + len(cells.BEST)
    assert len(dots) == 3 * (vader + 1 + len(MODES) + len(cells.FEW)) + 2 * len(cells.others())


def test_the_plots_beside_the_page_are_those_of_its_data() -> None:
    data = PAGES / "data" / "unlearning.json"
    for name, plot in PLOTS.items():
        drawn = (PAGES / name).read_text("utf-8") if (PAGES / name).exists() else None
        assert drawn == (plot(read_result(data)) if data.exists() else None)


def _no_cells() -> tuple[Any, ...]:
    known = ("unlearning", "default", (0,), "", "make bench-unlearning", "c", "0x" + "a" * 64)
    return (*known, "2026-01-01T00:00:00+00:00", {}, (), ())
