"""`make bench-adversaries`, or `python -m benchmarks.adversaries [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.adversaries.play import BARE, DEFENDED, play
from benchmarks.adversaries.report import ATTACKS, broken, report
from benchmarks.federation.processes import run_share, side_by_side
from benchmarks.harness import Benchmark, Plan, Preset, main, preset_named
from benchmarks.harness.page import show
from benchmarks.harness.runner import INTERRUPTED
from orchestrator.errors import LoranchorError

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
        "orchestrator/daemon/judging.py",
        "orchestrator/data",
        "orchestrator/training",
    ],
    packages=["torch", "transformers", "peft"],
    plan=plan,
    work=play,
    report=report,
    broken=broken,
)


def run(arguments: Sequence[str]) -> int:
    """As every benchmark, but in two processes side by side."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--preset")
    parser.add_argument("--share")
    asked, others = parser.parse_known_args(arguments)
    if others:
        return main(BENCHMARK, arguments)
    try:
        preset = preset_named(asked.preset)
        if asked.share:
            return run_share(BENCHMARK, preset, asked.share)
        result, failed = side_by_side(BENCHMARK, preset, PROCESSES)
        show(report(result), result)
        sentences = broken(result)
        for sentence in sentences:
            print(f"{BENCHMARK.name}: {sentence}", file=sys.stderr)
        return int(failed or bool(sentences))
    except LoranchorError as error:
        print(f"{BENCHMARK.name}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"\n{BENCHMARK.name}: interrupted; finished cells are kept, run again to go on", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
