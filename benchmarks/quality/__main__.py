"""`make bench-quality`, or `python -m benchmarks.quality [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.federation.processes import run
from benchmarks.harness import Benchmark, read_result
from benchmarks.harness.runner import PAGES
from benchmarks.quality.cells import plan
from benchmarks.quality.measure import work
from benchmarks.quality.plot import plot
from benchmarks.quality.report import PLOT, report
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
        *(f"orchestrator/aggregation/{name}.py" for name in FOLD),
        *(f"orchestrator/ledger/{name}.py" for name in ("contributions", "manifest", "weights")),
        *(f"orchestrator/conf/experiment/{name}.yaml" for name in ("sotu_smollm2", "vader_minilm")),
        *(f"orchestrator/contribution/{name}.py" for name in ("agreed", "grid", "joining", "start")),
        *(f"orchestrator/worker/{name}.py" for name in ("lineage", "torch_workbench")),
        "orchestrator/data",
        "orchestrator/training",
    ],  # strategies have their versions in their cells
    packages=["torch", "transformers", "peft"],
    plan=plan,
    work=work,
    report=report,
)


def main(arguments: Sequence[str]) -> int:
    """As every benchmark, but in two processes side by side, and with a plot beside the page."""
    code = run(BENCHMARK, arguments, PROCESSES)
    return _draw() if code == 0 and "--docs" in arguments else code


def _draw() -> int:
    result = read_result(ROOT / PAGES / "data" / f"{BENCHMARK.name}.json")
    write_atomic(ROOT / PAGES / PLOT, plot(result).encode())
    print(f"{BENCHMARK.name}: wrote {PAGES / PLOT}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
