"""`make bench-quality`: its cells, a real cell of each kind on a tiny model, and tables and plot of what is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

from benchmarks.federation import processes
from benchmarks.harness import (
    Benchmark,
    Configuration,
    Figures,
    Outcome,
    Plan,
    Result,
    markdown,
    preset_named,
    read_result,
)
from benchmarks.quality import cells, worlds
from benchmarks.quality.__main__ import BENCHMARK, main
from benchmarks.quality.measure import work
from benchmarks.quality.plot import plot
from benchmarks.quality.report import PLOT, report, shown
from benchmarks.quality.worlds import SETTINGS, WORLDS, World, document_of
from orchestrator.aggregation import strategies, strategy_named
from orchestrator.errors import DataError
from orchestrator.ledger.methods import ONE_RANK, STRATEGIES

TINY = World("tiny", "Tiny", "loss", 2, 2, 2, 4)
PAGES = Path(__file__).parents[3] / "docs" / "benchmarks"


@pytest.fixture(scope="module")
def tiny() -> Iterator[None]:
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worlds, "WORLDS", {"tiny": TINY})
        patch.setattr("benchmarks.quality.measure.WORLDS", {"tiny": TINY})
        forget()
        yield
    forget()
    torch.set_num_threads(threads)


def forget() -> None:
    for known in (worlds.shared_of, worlds.shards_of, worlds._settings):
        known.cache_clear()


def cell(method: str, split: str, lineage: str, seed: int = 0) -> dict[str, Any]:
    return {**cells.row(method, split, lineage), "data": "tiny", "seed": seed}


# -- cells


def test_every_strategy_has_settings_that_its_task_takes() -> None:
    assert set(SETTINGS) == set(STRATEGIES)
    for name, settings in SETTINGS.items():
        assert set(settings) == set(STRATEGIES[name])
        if name in strategies():
            assert strategy_named(name, **settings).settings == settings


def test_the_default_preset_has_the_rows_that_were_promised() -> None:
    found = cells.plan(preset_named("default"))
    assert found.seeds == (0, 1, 2)
    of_seed = [item for item in found.cells if item["data"] == "vader" and item["seed"] == 0]
    told = {(item["method"], item["split"], item["lineage"]) for item in of_seed}
    wanted = {(name, "domains", "chained") for name in strategies()}
    wanted |= {("stack", "domains", "isolated"), ("stack", "iid", "chained")}
    assert told == wanted | {("local only", "domains", "none"), ("centralised", "one", "none")}
    assert len(found.cells) == 4 * len(of_seed)
    assert {item["seed"] for item in found.cells if item["data"] == "sotu"} == {0}


def test_the_full_preset_has_all_that_methods_allow() -> None:
    full = list(cells.rows(full=True))
    assert len({tuple(row.values()) for row in full}) == len(full)
    for name in SETTINGS:
        about = {(row["split"], row["lineage"]) for row in full if row["method"] == name}
        lineages = ("chained",) if name in ONE_RANK else ("chained", "isolated")
        assert about == {(split, lineage) for split in ("domains", "iid") for lineage in lineages}


def test_another_version_of_a_strategy_is_another_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cells.versions("stack")
    monkeypatch.setattr("orchestrator.aggregation.Stack.version", 7)
    assert cells.versions("stack") == {**before, "strategy": 7}
    assert "strategy" not in cells.versions("local only")


def test_tasks_of_all_rows_are_valid_and_equal_but_for_what_is_measured() -> None:
    from orchestrator.ledger.task import TaskSpec

    base = {"digest": "0x" + "11" * 32, "architecture": "x", "kind": "classifier"}
    for row in cells.rows(full=True):
        if row["method"] not in SETTINGS:
            continue
        made = document_of("vader", row["method"], row["lineage"])
        spec = TaskSpec.from_document({"format": "loranchor/task", "version": 1, **made, "base": base})
        assert (spec.strategy.name, spec.lineage, spec.verdict.policy) == (row["method"], row["lineage"], "structural")
        assert (spec.training.steps, spec.weights) == (WORLDS["vader"].steps, "uniform")
        assert spec.training.learning_rate_nano == (9_000_000 if row["method"] in ("ffa", "rolora") else 3_000_000)
    assert document_of("vader", "stack", "chained", factor=4)["training"]["steps"] == 4 * WORLDS["vader"].steps


# -- real cells


@pytest.mark.parametrize("method", sorted(set(SETTINGS) & set(strategies())))
def test_a_federation_of_every_strategy_learns(tiny: None, method: str) -> None:
    found = work(cell(method, "domains", "chained"))
    assert found["losses"][-1] == found["loss"] == found["own_loss"] < found["losses"][0]
    assert set(found["by_organisation"]) == {"aurora", "borealis", "cumulus"} and found["refused"] == 0
    assert len(found["losses"]) == TINY.rounds + 1 and "accuracy" not in found


def test_cells_differ_in_what_they_are_about_and_in_nothing_else(tiny: None) -> None:
    kinds = [("stack", "domains", "chained"), ("stack", "domains", "isolated"), ("stack", "iid", "chained"),
             ("local only", "domains", "none"), ("centralised", "one", "none")]  # fmt: skip
    found = {kind: work(cell(*kind)) for kind in kinds}
    assert len({item["losses"][0] for item in found.values()}) == 1, "one base, one held-out set"
    assert len({item["loss"] for item in found.values()}) == len(kinds)
    assert work(cell(*kinds[0])) == found[kinds[0]], "a seed gives the same figures"
    assert work(cell(*kinds[0], seed=1))["loss"] != found[kinds[0]]["loss"]


def test_local_models_are_measured_on_everybodys_data_and_on_their_own(tiny: None) -> None:
    found = work(cell("local only", "domains", "none"))
    assert found["own_loss"] != found["loss"]
    assert set(found["by_organisation"]) == {"aurora", "borealis", "cumulus"}


# -- tables and plot


def figures_of(level: float, metric: str, rounds: int) -> dict[str, Any]:
    both = {metric: level, f"own_{metric}": level + 0.01, f"whole_{metric}": level - 0.01}
    by_round = {"accuracy": "accuracies", "loss": "losses"}[metric]
    return {**both, by_round: [0.5, *[level] * rounds], "error": 0.25, "samples": {"aurora": 7, "borealis": 5}}


def result_of(left_out: str = "") -> Result:
    """Made-up figures: `stack` 0.8 with seed 0, others a point less; a hundredth more with each seed."""
    found = []
    for item in cells.plan(preset_named("default")).cells:
        world = WORLDS[item["data"]]
        level = 0.8 + 0.01 * item["seed"] - (0.01 if item["method"] != "stack" else 0.0)
        made = figures_of(level, world.metric, world.rounds)
        there = item["method"] != left_out
        found.append(Outcome(item, "done" if there else "not run", made if there else None))
    known = ("quality", "default", (0, 1, 2), "95 % t-interval over seeds", "make bench-quality", "c", "0x" + "ab" * 32)
    return Result(*known, "2026-01-01T00:00:00+00:00", {"torch": "1"}, (), tuple(found))


def test_tables_have_means_intervals_and_differences_by_seed() -> None:
    tables = {table.title: table for table in report(result_of()).tables}
    levels = tables[WORLDS["vader"].title].markdown()
    assert "| stack | by domain | chained | 0.810 [0.785, 0.835] (n=3) | 0.820 [0.795, 0.845] (n=3) |" in levels
    differences = tables[WORLDS["vader"].title + ": differences in accuracy"].markdown()
    assert "| local only | by domain | – | -1.00 [-1.00, -1.00] (n=3) |" in differences
    assert "(n=1)" in tables[WORLDS["sotu"].title].markdown()


def test_what_did_not_run_says_so_everywhere() -> None:
    result = result_of(left_out="flexlora")
    page = markdown(report(result), result)
    lines = [line for line in page.splitlines() if line.startswith("| flexlora |")]
    assert len(lines) == 6 and all("not run" in line for line in lines)
    assert plot(result).count(">not run<") == 2
    assert "What this does not show" in page and PLOT in page


def test_the_plot_has_a_mark_for_each_row_within_its_frame() -> None:
    drawn = ElementTree.fromstring(plot(result_of()))
    dots = [item for item in drawn.iter() if item.tag.endswith("circle")]
    assert len(dots) == 2 * len(shown(result_of()))
    width = float(drawn.attrib["viewBox"].split()[2])
    assert all(250 <= float(dot.attrib["cx"]) <= width for dot in dots)


def test_the_plot_beside_the_page_is_that_of_its_data() -> None:
    data = PAGES / "data" / "quality.json"
    drawn = (PAGES / PLOT).read_text("utf-8") if (PAGES / PLOT).exists() else None
    assert drawn == (plot(read_result(data)) if data.exists() else None)


# -- two processes


class Process:
    """Runs its share at once, in this process."""

    def __init__(self, benchmark: Benchmark, arguments: Sequence[str], root: Path) -> None:
        self.arguments = list(arguments)
        self.code = processes.run_share(benchmark, preset_named("default"), arguments[-1], root)

    def wait(self) -> int:
        return self.code


@pytest.mark.parametrize("broken", [None, 3])
def test_shares_are_all_cells_and_the_result_has_them(
    broken: int | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def number_of(item: Configuration) -> Figures:
        if item["number"] == broken:
            raise DataError("that one does not run")
        return {"loss": float(item["number"])}

    listed = Plan([{"number": number} for number in range(5)], seeds=(0,))
    small = replace(BENCHMARK, sources=[], plan=lambda preset: listed, work=number_of)
    started: list[Process] = []

    def start(arguments: Sequence[str], root: Path) -> Process:
        started.append(Process(small, arguments, root))
        return started[-1]

    monkeypatch.setattr(processes, "start", start)
    result, failed = processes.side_by_side(small, preset_named("default"), 2, tmp_path)
    assert [process.arguments[-2:] for process in started] == [["--share", "0/2"], ["--share", "1/2"]]
    wanted = [None if number == broken else {"loss": float(number)} for number in range(5)]
    assert [item.figures for item in result.cells] == wanted
    assert failed == (broken is not None)
    assert read_result(tmp_path / "runs" / "bench" / "quality.json").cells == result.cells


def test_a_wrong_preset_is_told_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--preset", "huge"]) != 0
    assert capfd.readouterr().err.startswith("quality: no preset 'huge'")
