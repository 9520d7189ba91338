"""`make bench-keylock`, or `python -m benchmarks.keylock [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys

from benchmarks.harness import Benchmark, Configuration, Figures, main
from benchmarks.keylock import adapters, federation, overhead
from benchmarks.keylock.claims import broken
from benchmarks.keylock.report import report
from benchmarks.keylock.sizes import plan


def work(cell: Configuration) -> Figures:
    """A cell's figures."""
    parts = {
        "time": overhead.work,
        "sealing": overhead.sealing,
        "federation": federation.work,
        "adapters": adapters.work,
    }
    return parts[cell["part"]](cell)


BENCHMARK = Benchmark(
    name="keylock",
    sources=[
        "benchmarks/keylock/adapters.py",
        "benchmarks/keylock/federation.py",
        "benchmarks/keylock/overhead.py",
        "orchestrator/envelope",
        "orchestrator/models",
        "orchestrator/privacy/keylock",
        "orchestrator/training",
    ],
    packages=["torch", "transformers", "peft", "cryptography"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
    frank=True,
)

if __name__ == "__main__":
    sys.exit(main(BENCHMARK, sys.argv[1:]))
