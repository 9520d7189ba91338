"""One organisation's real IPFS node for tests, started as the local network starts it, without its chains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.localnet import nodes
from orchestrator.localnet.guard import Guard
from orchestrator.localnet.ports import PortPicker
from orchestrator.localnet.processes import stop
from orchestrator.localnet.state import StorageNode


@contextmanager
def ipfs_node(folder: Path) -> Iterator[str]:
    """The node's API address. ``folder`` holds its repository, swarm key and log; it has no peers."""
    with PortPicker() as ports:
        planned = StorageNode("aurora", nodes.storage_kind(), ports.pick(), ports.pick())
    nodes.swarm_key(folder)
    nodes.peers_file(folder).write_text("[]\n")
    with Guard() as guard:
        node = nodes.start_storage(folder, planned, guard.mark)
        assert node.process is not None
        guard.watch(node.process.pid)
        try:
            yield nodes.wait_for_storage(folder, node).api_url
        finally:
            stop([node.process])
