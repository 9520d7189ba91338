"""Runs a benchmark: `sys.exit(main(BENCHMARK, sys.argv[1:]))` is all that its `__main__` says."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness.cells import NOT_RUN, CellStore, Configuration, Figures, Identity, Outcome
from benchmarks.harness.machine import code_digest, commit, machine, versions
from benchmarks.harness.page import Report, markdown, show
from benchmarks.harness.presets import PRESETS, Preset, preset_named
from benchmarks.harness.result import Result, machines_of, read_result, write_result
from orchestrator.errors import ConfigurationError, LoranchorError
from orchestrator.files import write_atomic
from tools.setup.paths import ROOT

RUNS = Path("runs") / "bench"
PAGES = Path("docs") / "benchmarks"
INTERRUPTED = 130


@dataclass(frozen=True)
class Plan:
    """What one preset measures. ``seeds`` is empty where nothing is random."""

    cells: Sequence[Configuration]
    seeds: tuple[int, ...] = ()
    interval: str = "95 % t-interval over seeds"


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    Attributes:
        name: of its files, and of `make bench-<name>`.
        sources: files and folders of the checkout whose change makes former cells void.
        packages: Python packages whose version does the same.
        plan: cells by preset. work: one cell's figures, JSON values; LoranchorError when it cannot be measured.
        report: tables from a result. broken: sentences on limits that the result breaks; none is good.
        tools: versions of programs, by name; not part of a cell's key.
        frank: whether the report says itself which limits are broken; then its page is written all the same.
    """

    name: str
    sources: Sequence[str]
    packages: Sequence[str]
    plan: Callable[[Preset], Plan]
    work: Callable[[Configuration], Figures]
    report: Callable[[Result], Report]
    broken: Callable[[Result], Sequence[str]] = lambda result: ()
    tools: Callable[[], Mapping[str, str]] = dict
    frank: bool = False


def main(benchmark: Benchmark, arguments: Sequence[str], root: Path = ROOT) -> int:
    """Run, or with `--report` only read what is stored, or with `--docs` write the page of the last result."""
    asked = _parser(benchmark).parse_args(arguments)
    try:
        if asked.docs:
            return _document(benchmark, root)
        result = measure(benchmark, preset_named(asked.preset), root, run=not asked.report)
        show(benchmark.report(result), result)
        return _judge(benchmark, result)
    except LoranchorError as error:
        print(f"{benchmark.name}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"\n{benchmark.name}: interrupted; finished cells are kept, run again to go on", file=sys.stderr)
        return INTERRUPTED


def measure(benchmark: Benchmark, preset: Preset, root: Path = ROOT, *, run: bool = True) -> Result:
    """All cells of the preset, stored ones not again, and with ``run`` the result file."""
    plan, code = benchmark.plan(preset), code_digest(root, benchmark.sources)
    identity = Identity(benchmark.name, code, versions(benchmark.packages))
    store = CellStore(root / RUNS / "cells", identity)
    cells = tuple(_run_cells(benchmark, plan, preset, store) if run else map(store.find, plan.cells))
    result = Result(
        name=benchmark.name,
        preset=preset.name,
        seeds=plan.seeds,
        interval=plan.interval,
        command=f"make bench-{benchmark.name}" + (f" PRESET={preset.name}" if preset.name != "default" else ""),
        commit=commit(root),
        code=code,
        date=_now(),
        versions={**identity.packages, **benchmark.tools()},
        machines=machines_of(cells),
        cells=cells,
    )
    if run:
        write_result(root / RUNS / f"{benchmark.name}.json", result)
    return result


def _run_cells(benchmark: Benchmark, plan: Plan, preset: Preset, store: CellStore) -> list[Outcome]:
    found, start, longest = [], time.monotonic(), 0.0
    for place, configuration in enumerate(plan.cells, start=1):
        outcome = store.find(configuration)
        spent = time.monotonic() - start
        in_time = preset.minutes is None or spent + longest <= preset.minutes * 60
        if outcome.figures is None and in_time:
            print(f"{benchmark.name}: cell {place} of {len(plan.cells)} {dict(configuration)}", file=sys.stderr)
            outcome = _run_cell(benchmark, configuration, store)
            longest = max(longest, time.monotonic() - start - spent)
        found.append(outcome)
    left = sum(outcome.status == NOT_RUN for outcome in found)
    if left:
        print(f"{benchmark.name}: {left} cells not run in {preset.minutes} minutes; run again", file=sys.stderr)
    return found


def _run_cell(benchmark: Benchmark, configuration: Configuration, store: CellStore) -> Outcome:
    where, begin = machine(), time.monotonic()
    try:
        figures = benchmark.work(configuration)
        seconds = round(time.monotonic() - begin, 3)
        outcome = Outcome(configuration, "done", dict(figures), seconds, _now(), where)
        store.put(outcome)
    except LoranchorError as error:
        print(f"{benchmark.name}: {dict(configuration)} failed: {error}", file=sys.stderr)
        return Outcome(configuration, f"failed: {error}")
    return outcome


def _judge(benchmark: Benchmark, result: Result) -> int:
    broken = list(benchmark.broken(result))
    for sentence in broken:
        print(f"{benchmark.name}: {sentence}", file=sys.stderr)
    return 1 if broken or any(cell.failed for cell in result.cells) else 0


def _document(benchmark: Benchmark, root: Path) -> int:
    result = read_result(root / RUNS / f"{benchmark.name}.json")
    if not benchmark.frank and (broken := list(benchmark.broken(result))):
        raise ConfigurationError(f"the last result breaks a limit: {broken[0]}", mend="run the benchmark again")
    page, data = root / PAGES / f"{benchmark.name}.md", root / PAGES / "data" / f"{benchmark.name}.json"
    write_result(data, result)
    write_atomic(page, markdown(benchmark.report(result), result).encode())
    print(f"{benchmark.name}: wrote {page.relative_to(root)} and {data.relative_to(root)}")
    return 0


def _parser(benchmark: Benchmark) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{benchmark.name}")
    parser.add_argument("--preset", choices=sorted(PRESETS), help="how much is measured (default: PRESET, or default)")
    parser.add_argument("--report", action="store_true", help="only show what is stored; measure nothing")
    parser.add_argument("--docs", action="store_true", help="write the documentation's page from the last result")
    return parser


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
