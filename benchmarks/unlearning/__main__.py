"""`make bench-unlearning`, or `python -m benchmarks.unlearning [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.federation.processes import run
from benchmarks.harness import Benchmark, read_result
from benchmarks.harness.runner import PAGES
from benchmarks.unlearning.cells import plan
from benchmarks.unlearning.measure import work
from benchmarks.unlearning.plot import PLOTS
from benchmarks.unlearning.report import broken, report
from benchmarks.unlearning.trained import SOURCES
from orchestrator.files import write_atomic
from tools.setup.paths import ROOT

PROCESSES = 2

BENCHMARK = Benchmark(
    name="unlearning",
    sources=[
        *SOURCES,
        *(f"benchmarks/unlearning/{name}.py" for name in ("attack", "case", "measure", "methods", "modes", "place")),
        *(f"benchmarks/federation/{name}.py" for name in ("held_out", "shared")),
        "orchestrator/attacks",
        "orchestrator/hardening.py",
        *(f"orchestrator/unlearning/{name}.py" for name in ("subject", "tasks", "tuning")),
    ],  # sizes, the fold's version and each method's own sources are in the cells
    packages=["torch", "transformers", "peft"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
)


def main(arguments: Sequence[str]) -> int:
    """As every benchmark, but in two processes side by side, and with plots beside the page."""
    code = run(BENCHMARK, arguments, PROCESSES)
    return _draw() if code == 0 and "--docs" in arguments else code


def _draw() -> int:
    result = read_result(ROOT / PAGES / "data" / f"{BENCHMARK.name}.json")
    for name, plot in PLOTS.items():
        write_atomic(ROOT / PAGES / name, plot(result).encode())
        print(f"{BENCHMARK.name}: wrote {PAGES / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
