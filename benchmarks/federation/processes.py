"""Cells in several processes side by side, each with one thread: on two cores two federations at once."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.harness import Benchmark, Preset, Result, main, measure, preset_named
from benchmarks.harness.cells import CellStore, Identity
from benchmarks.harness.machine import code_digest, versions
from benchmarks.harness.page import show
from benchmarks.harness.result import write_result
from benchmarks.harness.runner import INTERRUPTED, RUNS, _run_cells
from orchestrator.errors import LoranchorError
from tools.setup.paths import ROOT


def run(benchmark: Benchmark, arguments: Sequence[str], processes: int) -> int:
    """As :func:`benchmarks.harness.main`, but cells are measured in several processes; the process's exit code."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--preset")
    parser.add_argument("--share")
    asked, others = parser.parse_known_args(arguments)
    if others:
        return main(benchmark, arguments)
    try:
        preset = preset_named(asked.preset)
        if asked.share:
            return run_share(benchmark, preset, asked.share)
        result, failed = side_by_side(benchmark, preset, processes)
        show(benchmark.report(result), result)
        sentences = benchmark.broken(result)
        for sentence in sentences:
            print(f"{benchmark.name}: {sentence}", file=sys.stderr)
        return int(failed or bool(sentences))
    except LoranchorError as error:
        print(f"{benchmark.name}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"\n{benchmark.name}: interrupted; finished cells are kept, run again to go on", file=sys.stderr)
        return INTERRUPTED


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
