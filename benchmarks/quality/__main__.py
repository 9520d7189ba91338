"""`make bench-quality`, or `python -m benchmarks.quality [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.federation.processes import run_share, side_by_side
from benchmarks.harness import Benchmark, main, preset_named, read_result
from benchmarks.harness.page import show
from benchmarks.harness.runner import INTERRUPTED, PAGES
from benchmarks.quality.cells import plan
from benchmarks.quality.measure import work
from benchmarks.quality.plot import plot
from benchmarks.quality.report import PLOT, report
from orchestrator.errors import LoranchorError
from orchestrator.files import write_atomic
from tools.setup.paths import ROOT

PROCESSES = 2

FOLD = ("accumulate", "fixed_point", "folded", "start", "tiles", "truncation")
BENCHMARK = Benchmark(
    name="quality",
    sources=[
        *(f"benchmarks/quality/{name}.py" for name in ("measure", "worlds")),
        *(f"benchmarks/federation/{name}.py" for name in ("book", "held_out", "shards", "shared", "simulate")),
        "benchmarks/federation/workbench.py",
        *(
            f"orchestrator/aggregation/{name}.py"
            for name in ("accumulate", "fixed_point", "folded", "start", "tiles", "truncation")
        ),
        *(f"orchestrator/ledger/{name}.py" for name in ("contributions", "manifest", "weights")),
        *(f"orchestrator/conf/experiment/{name}.yaml" for name in ("sotu_smollm2", "vader_minilm")),
        *(f"orchestrator/contribution/{name}.py" for name in ("agreed", "grid", "start")),
        "orchestrator/daemon/torch_workbench.py",
        "orchestrator/data",
        "orchestrator/training",
    ],  # strategies have their versions in their cells
    packages=["torch", "transformers", "peft"],
    plan=plan,
    work=work,
    report=report,
)


def run(arguments: Sequence[str]) -> int:
    """As every benchmark, but in two processes side by side, and with a plot beside the page."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--preset")
    parser.add_argument("--share")
    asked, others = parser.parse_known_args(arguments)
    if others:
        code = main(BENCHMARK, arguments)
        return _draw() if code == 0 and "--docs" in others else code
    try:
        preset = preset_named(asked.preset)
        if asked.share:
            return run_share(BENCHMARK, preset, asked.share)
        result, failed = side_by_side(BENCHMARK, preset, PROCESSES)
        show(report(result), result)
        return int(failed)
    except LoranchorError as error:
        print(f"{BENCHMARK.name}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"\n{BENCHMARK.name}: interrupted; finished cells are kept, run again to go on", file=sys.stderr)
        return INTERRUPTED


def _draw() -> int:
    result = read_result(ROOT / PAGES / "data" / f"{BENCHMARK.name}.json")
    write_atomic(ROOT / PAGES / PLOT, plot(result).encode())
    print(f"{BENCHMARK.name}: wrote {PAGES / PLOT}")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
