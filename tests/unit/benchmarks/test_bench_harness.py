"""The harness: cells resume and know their configuration, missing figures are named, files are whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.harness import (
    Benchmark,
    Plan,
    Preset,
    Report,
    Result,
    Table,
    grid,
    main,
    measure,
    t_interval,
    values_of,
)
from benchmarks.harness import runner as runner_module
from benchmarks.harness.page import caption, markdown
from benchmarks.harness.presets import preset_named
from benchmarks.harness.result import read_result
from orchestrator.errors import ConfigurationError, DataError

CELLS = grid(method=["plain", "mean"], seed=range(3))
PRESET = Preset("default", 60.0)


def report(result: Result) -> Report:
    rows = [[name, t_interval(values_of(result.cells, "loss", method=name))] for name in ("plain", "mean")]
    return Report("Losses", "What it is.", [Table("Loss by method", ["method", "loss"], rows)], ["Nothing else."])


class Counting:
    """Work that counts its calls."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def __call__(self, configuration: Any) -> dict[str, Any]:
        self.seen.append(dict(configuration))
        return {"loss": 1.0 + configuration["seed"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "method.py").write_text("STEPS = 1\n")
    return tmp_path


def benchmark(work: Callable[[Any], Any], cells: Any = CELLS) -> Benchmark:
    return Benchmark("losses", ["code"], ["rich"], lambda preset: Plan(cells, (0, 1, 2)), work, report)


def test_a_second_run_measures_nothing_again(root: Path) -> None:
    work = Counting()
    first = measure(benchmark(work), PRESET, root)
    assert [cell.status for cell in first.cells] == ["done"] * 6 and len(work.seen) == 6
    second = measure(benchmark(work), PRESET, root)
    assert len(work.seen) == 6
    assert values_of(second.cells, "loss", method="mean") == [1.0, 2.0, 3.0]
    assert read_result(root / "runs" / "bench" / "losses.json") == second


def test_an_interrupted_run_goes_on_where_it_was(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = Counting()

    def work(configuration: Any) -> Any:
        if len(done.seen) == 4:
            raise KeyboardInterrupt
        return done(configuration)

    assert main(benchmark(work), [], root) == 130
    assert "run again to go on" in capsys.readouterr().err
    again = Counting()
    result = measure(benchmark(again), PRESET, root)
    assert again.seen == CELLS[4:] and values_of(result.cells, "loss") == [1.0, 2.0, 3.0] * 2


@pytest.mark.parametrize("change", ["configuration", "code", "package"])
def test_what_changed_is_another_cell(root: Path, change: str) -> None:
    work, cells, packages = Counting(), CELLS, ["rich"]
    measure(benchmark(work), PRESET, root)
    if change == "configuration":
        cells = grid(method=["plain", "mean"], seed=range(3), rate=[0.1])
    elif change == "code":
        (root / "code" / "method.py").write_text("STEPS = 2\n")
    else:
        packages = ["rich", "web3"]
    measure(replace(benchmark(work, cells), packages=packages), PRESET, root)
    assert len(work.seen) == 12


def test_other_files_of_the_checkout_change_nothing(root: Path) -> None:
    work = Counting()
    measure(benchmark(work), PRESET, root)
    (root / "README.md").write_text("words")
    (root / "code" / "notes.txt").write_text("words")
    measure(benchmark(work), PRESET, root)
    assert len(work.seen) == 6


def test_settings_with_a_point_are_kept_apart(root: Path) -> None:
    work = Counting()
    result = measure(benchmark(work, grid(rate=[0.1, 0.2, "0.1"], seed=[0])), PRESET, root)
    assert len(work.seen) == 3 and [cell.configuration["rate"] for cell in result.cells] == [0.1, 0.2, "0.1"]


def test_a_damaged_cell_is_measured_again(root: Path) -> None:
    work = Counting()
    measure(benchmark(work), PRESET, root)
    stored = sorted((root / "runs" / "bench" / "cells" / "losses").iterdir())
    stored[0].write_text('{"figures": ')
    stored[1].write_text("[]")
    measure(benchmark(work), PRESET, root)
    assert len(work.seen) == 8


def test_time_that_is_up_leaves_cells_not_run(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ticks = iter(range(0, 100_000, 20))
    monkeypatch.setattr(runner_module.time, "monotonic", lambda: float(next(ticks)))
    result = measure(benchmark(Counting()), Preset("default", 3.0), root)
    assert {cell.status for cell in result.cells} == {"done", "not run"}
    assert "not run in 3.0 minutes" in capsys.readouterr().err
    missing = sum(cell.figures is None for cell in result.cells)
    assert f"{missing} of 6 cells have no figures" in caption(result)


def test_a_cell_that_fails_says_why_and_is_tried_again(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = Counting()

    def work(configuration: Any) -> Any:
        if configuration["method"] == "mean":
            raise DataError("no such shard")
        return good(configuration)

    assert main(benchmark(work), [], root) == 1
    shown = capsys.readouterr()
    assert "no such shard" in shown.err and "not run" in shown.out
    assert main(benchmark(good), [], root) == 0 and len(good.seen) == 6


def test_a_figure_that_is_no_number_fails_its_cell(root: Path) -> None:
    result = measure(benchmark(lambda configuration: {"curve": [1.0, float("nan")]}), PRESET, root)
    assert result.cells[0].status == "failed: the figure curve is nan" and result.cells[0].figures is None


def test_report_measures_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = Counting()
    assert main(benchmark(work), ["--report"], root) == 0
    assert not work.seen and capsys.readouterr().out.count("not run") == 2
    assert not (root / "runs" / "bench" / "losses.json").exists()


def test_broken_limits_fail_the_run_and_stay_out_of_the_documentation(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strict = replace(benchmark(Counting()), broken=lambda result: ["the loss of mean is above 2"])
    assert main(strict, [], root) == 1 and "above 2" in capsys.readouterr().err
    assert main(strict, ["--docs"], root) == 2
    assert not (root / "docs").exists()


def test_the_page_is_made_of_the_result_alone(root: Path) -> None:
    assert main(benchmark(Counting()), [], root) == 0
    assert main(benchmark(Counting()), ["--docs"], root) == 0
    kept = read_result(root / "docs" / "benchmarks" / "data" / "losses.json")
    page = (root / "docs" / "benchmarks" / "losses.md").read_text("utf-8")
    assert page == markdown(report(kept), kept)
    assert "| mean | 2.000 [-0.484, 4.484] (n=3) |" in page
    assert "preset default; seeds 0, 1, 2; 95 % t-interval over seeds" in page
    assert "What this does not show" in page and "cores" in page and str(root) not in page


def test_without_a_result_there_is_no_page(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(benchmark(Counting()), ["--docs"], root) == 2
    assert "run the benchmark first" in capsys.readouterr().err


def test_the_result_names_machine_versions_and_command(root: Path) -> None:
    measure(replace(benchmark(Counting()), tools=lambda: {"anvil": "1.7.1"}), Preset("full", None), root)
    document = json.loads((root / "runs" / "bench" / "losses.json").read_text())
    assert document["command"] == "make bench-losses PRESET=full" and document["versions"]["anvil"] == "1.7.1"
    assert {"cpu", "cores", "memory_gib", "gpu", "os"} == document["machines"][0].keys()
    assert document["seeds"] == [0, 1, 2] and document["date"].endswith("+00:00")


def test_sources_that_are_not_there_are_refused(root: Path) -> None:
    with pytest.raises(ConfigurationError, match="names gone"):
        measure(replace(benchmark(Counting()), sources=["gone"]), PRESET, root)


def test_presets_are_known_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRESET", raising=False)
    assert preset_named().name == "default"
    monkeypatch.setenv("PRESET", "full")
    assert preset_named() == Preset("full", None)
    with pytest.raises(ConfigurationError, match="no preset 'huge'"):
        preset_named("huge")
