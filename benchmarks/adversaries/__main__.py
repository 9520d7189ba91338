"""`make bench-adversaries`, or `python -m benchmarks.adversaries [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.adversaries.play import BARE, DEFENDED, play
from benchmarks.adversaries.report import ATTACKS, broken, report
from benchmarks.federation.processes import run
from benchmarks.harness import Benchmark, Plan, Preset

PROCESSES = 2
SEEDS = (0, 1, 2)
FEDERATION = ("adversaries", "book", "held_out", "shards", "shared", "simulate", "workbench")


def plan(preset: Preset) -> Plan:
    """`default` plays two short rounds, four organisations with one seed; `full` four longer rounds of everything."""
    full = preset.name == "full"
    size = {"rounds": 4, "steps": 40, "judging": 64} if full else {"rounds": 2, "steps": 24, "judging": 32}
    return Plan([{**cell, **size} for seed in SEEDS for cell in _cells(seed, full or seed == SEEDS[0])], SEEDS)


def _cells(seed: int, four: bool) -> Iterator[Mapping[str, Any]]:
    """Defended ones and undefended ones in turn, so that each of two processes has one kind and trains little twice."""
    for organisations in (8, 4) if four else (8,):
        for attack in ("without", *ATTACKS):
            for defence in (DEFENDED, BARE):
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
        *(f"orchestrator/ledger/{name}.py" for name in ("contributions", "manifest", "weights")),
        "orchestrator/contribution/joining.py",
        *(f"orchestrator/worker/{name}.py" for name in ("judging", "lineage", "torch_workbench")),
        "orchestrator/data",
        "orchestrator/training",
    ],
    packages=["torch", "transformers", "peft"],
    plan=plan,
    work=play,
    report=report,
    broken=broken,
)


if __name__ == "__main__":
    sys.exit(run(BENCHMARK, sys.argv[1:], PROCESSES))
