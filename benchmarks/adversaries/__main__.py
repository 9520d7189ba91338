"""`make bench-adversaries`, or `python -m benchmarks.adversaries [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.adversaries.play import BARE, DEFENDED, play
from benchmarks.adversaries.report import ATTACKS, broken, report
from benchmarks.harness import Benchmark, Plan, Preset, main

SEEDS = (0, 1, 2)
FEDERATION = ("adversaries", "book", "held_out", "shards", "shared", "simulate", "workbench")


def plan(preset: Preset) -> Plan:
    """`default` plays two short rounds, four organisations with one seed; `full` four longer rounds of everything."""
    full = preset.name == "full"
    size = {"rounds": 4, "steps": 40, "judging": 64} if full else {"rounds": 2, "steps": 24, "judging": 32}
    return Plan([{**cell, **size} for seed in SEEDS for cell in _cells(seed, full or seed == SEEDS[0])], SEEDS)


def _cells(seed: int, four: bool) -> Iterator[Mapping[str, Any]]:
    for organisations in (8, 4) if four else (8,):
        yield {"organisations": organisations, "attack": "without", "defence": DEFENDED, "seed": seed}
        yield {"organisations": organisations, "attack": "without", "defence": BARE, "seed": seed}
        for defence in (DEFENDED, BARE):
            for attack in ATTACKS:
                yield {"organisations": organisations, "attack": attack, "defence": defence, "seed": seed}


BENCHMARK = Benchmark(
    name="adversaries",
    sources=[
        "benchmarks/adversaries/play.py",
        "benchmarks/adversaries/trained.py",
        *(f"benchmarks/federation/{name}.py" for name in FEDERATION),
        "orchestrator/aggregation/filter.py",
        "orchestrator/aggregation/filters",
        "orchestrator/aggregation/scores",
        "orchestrator/conf/aggregation/robust.yaml",
        "orchestrator/conf/aggregation/stack.yaml",
        "orchestrator/conf/training/classifier.yaml",
        "orchestrator/daemon/judging.py",
    ],
    packages=["torch", "transformers"],
    plan=plan,
    work=play,
    report=report,
    broken=broken,
)

if __name__ == "__main__":
    sys.exit(main(BENCHMARK, sys.argv[1:]))
