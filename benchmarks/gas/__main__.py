"""`make bench-gas`, or `python -m benchmarks.gas [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from benchmarks.gas.figures import broken
from benchmarks.gas.node import HARD_FORK
from benchmarks.gas.parts import measure
from benchmarks.gas.report import report
from benchmarks.harness import Benchmark, Plan, Preset, main
from tools.setup.paths import NODE_MODULES, ROOT
from tools.setup.solc import VERSION

MEASURING = [
    *(f"benchmarks/gas/{name}.py" for name in ("anchored", "chain", "compiler", "keys", "meter", "node", "played")),
    *("benchmarks/gas/world.py", "benchmarks/gas/parts", "benchmarks/gas/Naive.sol"),
]
"""What makes figures; a change of how they are shown leaves cells as they are."""


def plan(preset: Preset) -> Plan:
    """Both presets measure every entry point; `full` has more sizes."""
    full = preset.name == "full"
    return Plan(list(_cells(full)))


def _cells(full: bool) -> Iterator[Mapping[str, Any]]:
    for part in ("keys and rounds", "revocations", "artefacts", "awards", "other public", "naive"):
        yield {"part": part}
    for size in (3, 10, 100):
        yield {"part": "deploying", "organisations": size}
    for size in (3, 10):
        yield {"part": "governance", "organisations": size}
    for count in (1, 2, 3, 5, *((10, 20, 51) if full else ())):
        yield {"part": "anchoring by signatures", "signatures": count}
    for count in (1, 10, 100, 1000, *((10_000,) if full else ())):
        yield {"part": "anchoring by updates", "updates": count}
    for count in (1, 10, 100):
        yield {"part": "publishing by distance", "checkpoints": count}
    for size in (3, 10, 100) if not full else (3, 10, 30, 100):
        yield {"part": "round", "organisations": size}


def versions() -> dict[str, str]:
    """What compiled and ran the contracts."""
    compiler = yaml.safe_load((ROOT / "brownie-config.yaml").read_text())["compiler"]
    runs = compiler["solc"]["optimizer"]["runs"]
    return {
        "anvil": f"{_node_version('@foundry-rs', 'anvil')} ({HARD_FORK})",
        "solc": f"{VERSION} ({compiler['evm_version']}, optimizer for {runs} runs)",
        "openzeppelin": _node_version("@openzeppelin", "contracts"),
    }


def _node_version(*module: str) -> str:
    return str(json.loads(NODE_MODULES.joinpath(*module, "package.json").read_text())["version"])


BENCHMARK = Benchmark(
    name="gas",
    sources=[*MEASURING, "contracts", "brownie-config.yaml", "package-lock.json"],
    packages=[],
    plan=plan,
    work=measure,
    report=report,
    broken=broken,
    tools=versions,
)

if __name__ == "__main__":
    sys.exit(main(BENCHMARK, sys.argv[1:]))
