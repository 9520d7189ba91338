"""`make bench-audit`, or `python -m benchmarks.audit [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys

from benchmarks.audit.cell import work
from benchmarks.audit.report import broken, report
from benchmarks.harness import Benchmark, Configuration, Plan, Preset
from benchmarks.harness.runner import main

MEMBERS = 10
SIZES = {
    "nothing": (100, 1000, 10_000),
    "openings, updates, ends": (100, 1000, 10_000),
    "everything": (3, 10, 30),
}
"""Rounds by what is disclosed."""


def plan(preset: Preset) -> Plan:
    """The same cells for both presets, but for a longer history that is disclosed as a whole."""
    sizes = {**SIZES, "everything": (*SIZES["everything"], 100)} if preset.name == "full" else SIZES
    cells: list[Configuration] = [
        {"disclosed": name, "rounds": rounds, "members": MEMBERS} for name, found in sizes.items() for rounds in found
    ]
    return Plan(cells)


BENCHMARK = Benchmark(
    name="audit",
    sources=[
        *(f"benchmarks/audit/{name}.py" for name in ("cell", "history", "people", "rounds", "state")),
        "orchestrator/audit",
        "orchestrator/ledger",
        "orchestrator/commitment",
    ],
    packages=["coincurve", "eth-abi", "rlp", "rfc8785"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
    frank=True,
)


if __name__ == "__main__":
    sys.exit(main(BENCHMARK, sys.argv[1:]))
