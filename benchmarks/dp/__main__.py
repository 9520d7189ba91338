"""`make bench-dp`, or `python -m benchmarks.dp [--report] [--docs]`."""

from __future__ import annotations

import sys

from benchmarks.dp.opinions import ACCOUNTANTS, SETTINGS, work
from benchmarks.dp.report import broken, report
from benchmarks.harness import Benchmark, Configuration, Plan, Preset, main


def plan(preset: Preset) -> Plan:
    """Every setting by both accountants; one size, in a minute."""
    names = ("noise", "rate", "steps", "delta")
    cells: list[Configuration] = [
        {"accountant": accountant, **dict(zip(names, setting, strict=True))}
        for accountant in ACCOUNTANTS
        for setting in SETTINGS
    ]
    return Plan(cells)


BENCHMARK = Benchmark(
    name="dp",
    sources=["benchmarks/dp/opinions.py", "orchestrator/privacy/dp/accounting.py"],
    packages=["opacus", "dp-accounting"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
)


if __name__ == "__main__":
    sys.exit(main(BENCHMARK, sys.argv[1:]))
