"""`make bench-slices`, or `python -m benchmarks.slices [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys

from benchmarks.harness import Benchmark, Configuration, Figures, Plan, Preset, grid, main
from benchmarks.slices.measured import measured
from benchmarks.slices.report import MEASURED, SLICES, TOGETHER, broken, report
from benchmarks.slices.stream import streamed

REQUESTS = 200


def plan(preset: Preset) -> Plan:
    """`default`: streams with 10 seeds, trainings of 40 steps with 3; `full`: 100, and of 240 steps with 10."""
    streams, seeds, steps = (100, 10, 240) if preset.name == "full" else (10, 3, 40)
    cells = [
        *grid(part=["stream"], requests=[REQUESTS], slices=SLICES, together=TOGETHER, seed=range(streams)),
        *grid(part=["training"], steps=[steps], slices=MEASURED, seed=range(seeds)),
    ]
    return Plan(cells, tuple(range(streams)))


def work(cell: Configuration) -> Figures:
    return streamed(cell) if cell["part"] == "stream" else measured(cell)


BENCHMARK = Benchmark(
    name="slices",
    sources=[
        *(f"benchmarks/slices/{name}.py" for name in ("stream", "measured")),
        *(f"orchestrator/training/{name}.py" for name in ("adapter", "settings", "slice_plan", "slices", "steps")),
        *(f"orchestrator/data/{name}.py" for name in ("apart", "prepare", "sources")),
        "orchestrator/samples.py",
        *(
            f"orchestrator/conf/{name}.yaml"
            for name in ("experiment/vader_minilm", "training/classifier", "data/vader")
        ),
    ],
    packages=["torch", "transformers", "peft"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
)


if __name__ == "__main__":
    sys.exit(main(BENCHMARK, sys.argv[1:]))
