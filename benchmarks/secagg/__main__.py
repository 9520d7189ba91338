"""`make bench-secagg`, or `python -m benchmarks.secagg [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.harness import Benchmark, Configuration, Figures, Plan, Preset, main
from benchmarks.secagg.report import broken, report
from benchmarks.secagg.rounds import figures_of, measured
from benchmarks.secagg.uniform import deviations

WORDS = {"default": (4_096, 184_320, 1_000_000), "full": (4_096, 184_320, 1_000_000, 10_000_000)}
MEMBERS = {"default": ((3, 0), (8, 2)), "full": ((3, 0), (8, 2), (16, 4), (32, 8))}
"""Members of a round, and how many of them drop out after masking."""
RINGS = (32, 64)


def plan(preset: Preset) -> Plan:
    """Rounds by size, then how a masked update looks."""
    rounds: list[Configuration] = [
        {"part": "round", "members": members, "gone": gone, "words": words, "ring": ring}
        for members, gone in MEMBERS[preset.name]
        for words in WORDS[preset.name]
        for ring in RINGS
    ]
    return Plan([*rounds, {"part": "uniform", "members": 8, "gone": 2}])


def work(cell: Configuration) -> Figures:
    """Of a round bytes by object and seconds; or how far from uniform words are. A sum that is not the plain one ends
    the run."""
    if cell["part"] == "uniform":
        masked, bare = deviations(cell["members"], cell["gone"])
        return {"masked": masked, "bare": bare}
    with tempfile.TemporaryDirectory() as folder:
        return figures_of(measured(Path(folder), cell["members"], cell["gone"], cell["words"], cell["ring"]))


BENCHMARK = Benchmark(
    name="secagg",
    sources=["benchmarks/secagg/rounds.py", "benchmarks/secagg/uniform.py", "orchestrator/secagg"],
    packages=["cryptography", "numpy"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
    frank=True,
)

if __name__ == "__main__":
    sys.exit(main(BENCHMARK, sys.argv[1:]))
