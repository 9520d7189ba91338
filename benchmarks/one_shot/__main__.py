"""`make bench-one-shot`, or `python -m benchmarks.one_shot [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys

from benchmarks.harness import Benchmark, main
from benchmarks.one_shot.cell import work
from benchmarks.one_shot.report import broken, report
from benchmarks.one_shot.sizes import plan

BENCHMARK = Benchmark(
    name="one-shot",
    sources=[
        *(f"benchmarks/one_shot/{name}.py" for name in ("altered", "cell", "outcomes", "sizes")),
        "orchestrator/unlearning/person",
        "orchestrator/unlearning/methods/recipe.py",
        *(f"orchestrator/unlearning/methods/{name}.py" for name in ("finetune", "random_relabel", "scrub", "ssd")),
        "orchestrator/models/faces.py",
        "orchestrator/data/images/orl_attributes.csv",
        *(f"orchestrator/data/images/{name}.py" for name in ("faces", "orl")),
        "orchestrator/attacks/membership.py",
    ],
    packages=["torch", "numpy"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
    frank=True,
)


if __name__ == "__main__":
    sys.exit(main(BENCHMARK, sys.argv[1:]))
