"""`make bench-anonymise`, or `python -m benchmarks.anonymise [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys

from benchmarks.anonymise.generators import MAKERS
from benchmarks.anonymise.planting import work
from benchmarks.anonymise.report import broken, report
from benchmarks.harness import Benchmark, Configuration, Plan, Preset, main
from orchestrator.data.sources import VADER_DOMAINS

SEED = 7
COUNTS = {"default": 200, "full": 2_000}
"""Items of each kind."""


def plan(preset: Preset) -> Plan:
    """Ten kinds, then five corpora; minutes."""
    cells: list[Configuration] = [
        {"what": "planted", "kind": kind, "count": COUNTS[preset.name], "seed": SEED} for kind in MAKERS
    ]
    cells.append({"what": "corpus", "source": "sotu", "shard": None})
    cells += [{"what": "corpus", "source": "vader", "shard": domain} for domain in VADER_DOMAINS]
    return Plan(cells, (SEED,), "95 % Wilson interval")


BENCHMARK = Benchmark(
    name="anonymise",
    sources=["benchmarks/anonymise/generators.py", "benchmarks/anonymise/planting.py", "orchestrator/anonymise"],
    packages=["phonenumberslite", "python-stdnum"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
    frank=True,
)


if __name__ == "__main__":
    sys.exit(main(BENCHMARK, sys.argv[1:]))
