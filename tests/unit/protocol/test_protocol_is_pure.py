"""The packages that decide import no chain client, no IPFS client and no tensors, and nothing that needs them."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import orchestrator.commitment
import orchestrator.ledger
import orchestrator.protocol

PACKAGES = (orchestrator.protocol, orchestrator.ledger, orchestrator.commitment)
HEAVY = ("web3", "ipfshttpclient", "torch", "transformers", "peft", "requests", "aiohttp", "eth_account", "sqlite3")
OURS = ("protocol", "ledger", "commitment", "types", "errors")


def test_nothing_heavy_is_imported() -> None:
    names = [
        module.name
        for package in PACKAGES
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    assert {"orchestrator.protocol.machine", "orchestrator.protocol.rules_rounds"} <= set(names)
    program = (
        f"import sys, {', '.join(names)}\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))\n"
        "ours = [name for name in sys.modules if name.startswith('orchestrator.')]\n"
        f"print(*(name for name in ours if name.split('.')[1] not in {OURS!r}))\n"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, timeout=120, capture_output=True, text=True)
    assert told.stdout.split() == [], told.stdout
