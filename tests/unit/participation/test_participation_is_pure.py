"""Limits and policies need no chain, no IPFS and no torch: a daemon asks them before it starts a worker."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("web3", "torch", "numpy", "ipfshttpclient", "requests", "transformers", "hydra")


def test_nothing_heavy_is_imported() -> None:
    code = f"import sys, orchestrator.participation; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
