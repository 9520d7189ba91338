"""`make bench-participation`, or `python -m benchmarks.participation [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys

from benchmarks.harness import Benchmark, Plan, Preset, grid, main
from benchmarks.participation.play import play
from benchmarks.participation.report import POLICIES, USERS, broken, report
from benchmarks.participation.world import ARRIVALS, PAY


def plan(preset: Preset) -> Plan:
    """`default` plays 100 rounds with 6 seeds; `full` 300 rounds with 30."""
    rounds, seeds = (300, 30) if preset.name == "full" else (100, 6)
    cells = grid(
        **{"pay": PAY, "arrivals": ARRIVALS, "policy": POLICIES, "used by": USERS},
        rounds=[rounds],
        seed=range(seeds),
    )
    return Plan(cells, tuple(range(seeds)))


BENCHMARK = Benchmark(
    name="participation",
    sources=[
        "benchmarks/participation/play.py",
        "benchmarks/participation/world.py",
        "orchestrator/participation",
        "orchestrator/conf/participation",
        *(f"orchestrator/ledger/{name}.py" for name in ("awards", "contributions", "weights")),
    ],
    packages=["hydra-core"],
    plan=plan,
    work=play,
    report=report,
    broken=broken,
)


if __name__ == "__main__":
    sys.exit(main(BENCHMARK, sys.argv[1:]))
