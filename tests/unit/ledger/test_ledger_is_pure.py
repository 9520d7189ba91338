"""The pure packages import no chain client, no IPFS client and no torch, and nothing that needs them."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import orchestrator.commitment
import orchestrator.ledger

HEAVY = ("web3", "ipfshttpclient", "torch", "transformers", "peft", "requests", "aiohttp", "eth_account")


def test_nothing_heavy_is_imported() -> None:
    names = [
        module.name
        for package in (orchestrator.ledger, orchestrator.commitment)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    assert len(names) > 25
    program = (
        f"import sys, {', '.join(names)}\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "ours = [name for name in sys.modules if name.startswith('orchestrator.')]\n"
        "stray = [name for name in ours if name.split('.')[1] not in ('ledger', 'commitment', 'types', 'errors')]\n"
        "assert not heavy and not stray, (heavy, stray)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
