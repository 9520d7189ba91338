"""`make bench-relearning`, or `python -m benchmarks.relearning [--preset full] [--report] [--docs]`.

IMAGES=cifar10 or cifar100 with IMAGES_FOLDER takes the user's own files in place of the packaged Fashion-MNIST.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from benchmarks.federation.processes import run
from benchmarks.harness import Benchmark, read_result
from benchmarks.harness.runner import PAGES
from benchmarks.relearning.artefacts import PACKAGES, SOURCES
from benchmarks.relearning.cell import work
from benchmarks.relearning.claims import broken
from benchmarks.relearning.plot import plot
from benchmarks.relearning.report import PLOT, report
from benchmarks.relearning.sizes import plan
from benchmarks.relearning.training import device
from orchestrator.files import write_atomic
from tools.setup.paths import ROOT

BENCHMARK = Benchmark(
    name="relearning",
    sources=[
        *SOURCES,
        "benchmarks/relearning/cell.py",
        "orchestrator/attacks/relearning.py",
        "orchestrator/attacks/rows.py",
        *(f"orchestrator/unlearning/{name}.py" for name in ("figures", "subject", "tasks")),
    ],  # methods have digests of their own in their cells
    packages=PACKAGES,
    plan=plan,
    work=work,
    report=report,
    broken=broken,
)


def main(arguments: Sequence[str]) -> int:
    """As every benchmark, but with a process a core, or one for a GPU, and with a plot beside the page."""
    code = run(BENCHMARK, arguments, processes())
    return _draw() if code == 0 and "--docs" in arguments else code


def processes() -> int:
    """Side by side, each with one thread; a GPU is not shared."""
    return 1 if device() == "cuda" else max(1, min(2, os.cpu_count() or 1))


def _draw() -> int:
    result = read_result(ROOT / PAGES / "data" / f"{BENCHMARK.name}.json")
    write_atomic(ROOT / PAGES / PLOT, plot(result).encode())
    print(f"{BENCHMARK.name}: wrote {PAGES / PLOT}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
