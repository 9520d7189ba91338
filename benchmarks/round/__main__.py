"""`make bench-round`, or `python -m benchmarks.round [--preset full] [--report] [--docs]`."""

from __future__ import annotations

import json
import sys

from benchmarks.harness import Benchmark, Configuration, Figures, Plan, Preset, main
from benchmarks.round.idle import idle
from benchmarks.round.play import round_of
from benchmarks.round.report import IDLE, SIZES, broken, report
from tools.setup.paths import NODE_MODULES

NODES = {"anvil": ("@foundry-rs", "anvil"), "ganache": ("ganache",), "js-ipfs": ("ipfs-core",)}


def plan(preset: Preset) -> Plan:
    """`default` measures up to 10 daemons, `full` up to 50; both a daemon at rest."""
    sizes = SIZES if preset.name == "full" else SIZES[:2]
    return Plan([{"part": IDLE}, *({"part": "round", "daemons": size} for size in sizes)])


def work(cell: Configuration) -> Figures:
    """One cell."""
    return idle() if cell["part"] == IDLE else round_of(cell["daemons"])


def versions() -> dict[str, str]:
    """What the daemons speak to."""
    documents = {name: NODE_MODULES.joinpath(*module, "package.json") for name, module in NODES.items()}
    return {name: str(json.loads(path.read_text())["version"]) for name, path in documents.items()}


BENCHMARK = Benchmark(
    name="round",
    sources=[
        *(f"benchmarks/round/{name}.py" for name in ("daemons", "deployment", "idle", "meters", "play", "prepared")),
        "benchmarks/round/world.py",
        *(f"orchestrator/{name}" for name in ("chain", "daemon", "envelope", "keystore", "ledger", "protocol")),
        *(f"orchestrator/{name}" for name in ("commitment", "localnet", "storage", "conf/daemon")),
    ],
    packages=["web3", "requests", "coincurve", "cryptography", "fastapi", "uvicorn"],
    plan=plan,
    work=work,
    report=report,
    broken=broken,
    tools=versions,
)

if __name__ == "__main__":
    sys.exit(main(BENCHMARK, sys.argv[1:]))
