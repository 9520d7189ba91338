"""An Anvil whose blocks are the same in every run: one for each transaction, a second apart, from a fixed time."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.chain.connection import Connection
from orchestrator.errors import ChainError
from orchestrator.localnet import rpc
from orchestrator.localnet.anvil import START_SECONDS, base_command
from orchestrator.localnet.guard import Guard
from orchestrator.localnet.ports import HOST, PortPicker
from orchestrator.localnet.processes import spawn, stop, wait_until

PUBLIC_CHAIN, PRIVATE_CHAIN = 31337, 1337
FIRST_TIMESTAMP = 2_000_000_000
HARD_FORK = "prague"


@contextmanager
def anvil(chain_id: int) -> Iterator[Connection]:
    """A chain of that id, gone with the block. No opcode traces: whole rounds of 100 members would fill the memory.

    Raises:
        EnvironmentMissing: Anvil is not installed.
        ChainError: it did not start.
    """
    with Guard() as guard, tempfile.TemporaryDirectory(prefix="anvil-") as scratch:
        with PortPicker() as ports:
            port = ports.pick()
        log = Path(scratch) / "anvil.log"
        environment = {**os.environ, **guard.mark, "TMPDIR": scratch, "HOME": scratch}
        process = spawn(base_command(port, chain_id), log, environment)
        guard.watch(process.pid)
        try:
            url = f"http://{HOST}:{port}"
            if not wait_until(lambda: rpc.chain_id(url) == chain_id, process, START_SECONDS):
                raise ChainError(f"Anvil did not start: {log.read_text().strip()[-300:]}")
            connection = Connection(url, chain_id, timeout=60.0)
            connection.request("evm_setNextBlockTimestamp", [FIRST_TIMESTAMP])
            connection.request("anvil_setBlockTimestampInterval", [1])
            yield connection
        finally:
            stop([process])


def mine(chain: Connection, blocks: int) -> None:
    """Empty blocks: deadlines pass, nothing happens."""
    if blocks > 0:
        chain.request("anvil_mine", [hex(blocks)])
