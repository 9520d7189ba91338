"""`make bench-release`, or `python -m benchmarks.release [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

from benchmarks.federation.processes import run
from benchmarks.harness import Benchmark, Configuration, Figures
from benchmarks.release import canaries, fashion, sentiment
from benchmarks.release.claims import broken
from benchmarks.release.report import report
from benchmarks.release.sizes import FASHION, LM, SENTIMENT, Size, plan, size_of

WORLDS: Mapping[str, Callable[[str, int, Size], Figures]] = {
    LM: canaries.work,
    SENTIMENT: sentiment.work,
    FASHION: fashion.work,
}


def work(cell: Configuration) -> Figures:
    """One model, trained and checked."""
    return WORLDS[cell["world"]](cell["model"], cell["seed"], size_of(cell))


BENCHMARK = Benchmark(
    name="release",
    sources=[
        *(f"benchmarks/release/{name}.py" for name in ("canaries", "checking", "fashion", "sentiment", "texts")),
        "benchmarks/backdoors",
        "orchestrator/attacks",
        "orchestrator/conf/release",
        "orchestrator/release",
        "orchestrator/training",
        "orchestrator/unlearning/evaluation",
    ],
    packages=["torch", "transformers", "peft", "opacus"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
    frank=True,
)


if __name__ == "__main__":
    sys.exit(run(BENCHMARK, sys.argv[1:], max(1, min(2, os.cpu_count() or 1))))
