"""`make bench-leakage-text`, or `python -m benchmarks.leakage_text [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.federation.processes import run
from benchmarks.harness import Benchmark
from benchmarks.leakage_text.cases import plan
from benchmarks.leakage_text.cell import work
from benchmarks.leakage_text.report import broken, report

PROCESSES = 2

BENCHMARK = Benchmark(
    name="leakage_text",
    sources=[
        *(f"benchmarks/leakage_text/{name}.py" for name in ("cell", "world")),
        *(
            f"orchestrator/attacks/inversion/{name}.py"
            for name in ("dager", "lock_span", "spans", "text_metrics", "text_order", "text_victim", "text_view")
        ),
        *(f"orchestrator/training/{name}.py" for name in ("adapter", "steps", "train")),
        "orchestrator/data/prepare.py",
        "orchestrator/data/sources.py",
        "orchestrator/privacy/keylock/lora.py",
    ],  # what a case is stands in its cells
    packages=["torch", "transformers", "peft"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
    frank=True,
)


def main(arguments: Sequence[str]) -> int:
    """As every benchmark, but in two processes side by side, each with one thread."""
    return run(BENCHMARK, arguments, PROCESSES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
