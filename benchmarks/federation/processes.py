"""Cells in several processes side by side, each with one thread: on two cores two federations at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.harness import Benchmark, Preset, Result, measure
from benchmarks.harness.cells import CellStore, Identity
from benchmarks.harness.machine import code_digest, versions
from benchmarks.harness.result import write_result
from benchmarks.harness.runner import RUNS, _run_cells
from tools.setup.paths import ROOT


def side_by_side(benchmark: Benchmark, preset: Preset, processes: int, root: Path = ROOT) -> tuple[Result, bool]:
    """Measure all cells in processes that each take their share, and write the result file.

    Returns:
        The result, and whether some cell failed.
    """
    module = f"benchmarks.{benchmark.name}"
    options = ("--preset", preset.name)
    commands = [["-m", module, *options, "--share", f"{part}/{processes}"] for part in range(processes)]
    running = [start(command, root) for command in commands]
    try:
        codes = [process.wait() for process in running]
    except KeyboardInterrupt:  # they got it, too
        for process in running:
            process.wait()
        raise
    result = measure(benchmark, preset, root, run=False)
    write_result(root / RUNS / f"{benchmark.name}.json", result)
    return result, any(codes)


def start(arguments: Sequence[str], root: Path) -> subprocess.Popen[bytes]:
    """This Python with other arguments."""
    return subprocess.Popen([sys.executable, "-B", *arguments], cwd=root)


def run_share(benchmark: Benchmark, preset: Preset, share: str, root: Path = ROOT) -> int:
    """Measure the cells of one share, ``k/n`` with k from 0; others write the result file."""
    part, parts = map(int, share.split("/"))
    plan = benchmark.plan(preset)
    identity = Identity(benchmark.name, code_digest(root, benchmark.sources), versions(benchmark.packages))
    store = CellStore(root / RUNS / "cells", identity)
    done = _run_cells(benchmark, replace(plan, cells=plan.cells[part::parts]), preset, store)
    return 1 if any(cell.failed for cell in done) else 0
