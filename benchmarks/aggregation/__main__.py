"""`make bench-aggregation`, or `python -m benchmarks.aggregation [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from benchmarks.aggregation.figures import broken
from benchmarks.aggregation.report import report
from benchmarks.aggregation.rows import cells, work
from benchmarks.harness import Benchmark, Plan, Preset, main
from tools.setup.paths import ROOT


def plan(preset: Preset) -> Plan:
    return Plan(list(cells(preset.name == "full")), interval="none: medians over turns")


def peers() -> Mapping[str, str]:
    """The versions that the peers' lock names."""
    names = ("flwr", "nvflare", "peft", "chorus-fl")
    pins = dict(
        line.split("==") for line in (ROOT / "requirements/peers.lock").read_text().splitlines() if "==" in line
    )
    return {f"{name} (peer)": pins[name] for name in names}


BENCHMARK = Benchmark(
    name="aggregation",
    sources=[
        "benchmarks/aggregation",
        "orchestrator/aggregation",
        "orchestrator/contribution",
        "orchestrator/envelope",
    ],
    packages=["torch", "numpy", "cryptography"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
    tools=peers,
    frank=True,
)

if __name__ == "__main__":
    sys.exit(main(BENCHMARK, sys.argv[1:]))
