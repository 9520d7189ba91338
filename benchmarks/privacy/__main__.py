"""`make bench-privacy`, or `python -m benchmarks.privacy [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from benchmarks.federation.processes import run
from benchmarks.harness import Benchmark, Configuration, Figures, read_result
from benchmarks.harness.runner import PAGES
from benchmarks.privacy import clients, pictures, rounds, words
from benchmarks.privacy.cells import plan
from benchmarks.privacy.plot import plot
from benchmarks.privacy.report import PLOT, broken, report
from orchestrator.files import write_atomic
from tools.setup.paths import ROOT


def work(cell: Configuration) -> Figures:
    """A cell's figures."""
    images = cell["data"] == "fashion"
    if cell["part"] == "use":
        return clients.work(cell) if images else rounds.work(cell)
    return pictures.work(cell) if images else words.work(cell)


BENCHMARK = Benchmark(
    name="privacy",
    sources=[
        *(f"benchmarks/privacy/{name}.py" for name in ("clients", "pictures", "rounds", "seals", "words")),
        *(f"benchmarks/federation/{name}.py" for name in ("book", "shards", "shared", "workbench")),
        *(f"benchmarks/leakage_text/{name}.py" for name in ("cell", "world")),
        *(f"orchestrator/conf/experiment/{name}.yaml" for name in ("sotu_smollm2", "vader_minilm")),
        "orchestrator/attacks/inversion",
        "orchestrator/privacy",
        "orchestrator/secagg",
        "orchestrator/training",
    ],  # rows, sizes and attackers stand in the cells
    packages=["torch", "transformers", "peft", "opacus"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
    frank=True,
)


def main(arguments: Sequence[str]) -> int:
    """As every benchmark, but with a process a core, and with a plot beside the page."""
    code = run(BENCHMARK, arguments, max(1, min(2, os.cpu_count() or 1)))
    return _draw() if code == 0 and "--docs" in arguments else code


def _draw() -> int:
    result = read_result(ROOT / PAGES / "data" / f"{BENCHMARK.name}.json")
    write_atomic(ROOT / PAGES / PLOT, plot(result).encode())
    print(f"{BENCHMARK.name}: wrote {PAGES / PLOT}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
