"""How Anvil, the public chain's local node, is started."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import ChainError
from orchestrator.localnet import rpc
from orchestrator.localnet.checkout import anvil_command
from orchestrator.localnet.guard import Guard
from orchestrator.localnet.ports import HOST, PortPicker
from orchestrator.localnet.processes import spawn, stop, wait_until

ACCOUNTS = 20
STATE_INTERVAL_SECONDS = 30
START_SECONDS = 30.0


def base_command(port: int, chain_id: int) -> list[str]:
    # quiet: at start it would print the development accounts' keys
    flags = ["--quiet", "--host", HOST, "--port", str(port), "--chain-id", str(chain_id), "--accounts", str(ACCOUNTS)]
    return [*anvil_command(), *flags, "--hardfork", "prague"]


def public_chain_command(port: int, chain_id: int, state_file: Path) -> list[str]:
    """A block every second, because deadlines are in blocks; the state is saved at intervals and at the end."""
    saving = ["--state", str(state_file), "--state-interval", str(STATE_INTERVAL_SECONDS)]
    return [*base_command(port, chain_id), "--block-time", "1", *saving]


@contextmanager
def automining_anvil(*, chain_id: int = 31337) -> Iterator[int]:
    """An Anvil that mines a block for each transaction and keeps nothing. Yields its port.

    Raises:
        EnvironmentMissing: Anvil is not installed.
        ChainError: it did not start.
    """
    with Guard() as guard, tempfile.TemporaryDirectory(prefix="anvil-") as scratch:
        with PortPicker() as ports:
            port = ports.pick()
        log = Path(scratch) / "anvil.log"
        process = spawn(
            [*base_command(port, chain_id), "--steps-tracing"],
            log,
            {**os.environ, **guard.mark, "TMPDIR": scratch, "HOME": scratch},
        )
        guard.watch(process.pid)
        try:
            url = f"http://{HOST}:{port}"
            if not wait_until(lambda: rpc.chain_id(url) == chain_id, process, START_SECONDS):
                raise ChainError(f"Anvil did not start: {log.read_text().strip()[-300:]}")
            yield port
        finally:
            stop([process])
