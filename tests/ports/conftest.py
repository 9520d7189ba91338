"""Real backends for the port suites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.localnet import StorageNode, down, up


@pytest.fixture(scope="session")
def ipfs_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StorageNode, StorageNode]]:
    """Two organisations' IPFS nodes in one private swarm."""
    run_dir: Path = tmp_path_factory.mktemp("network")
    network = up(run_dir, ["aurora", "borealis"])
    try:
        yield network.storage["aurora"], network.storage["borealis"]
    finally:
        down(run_dir, purge=True)
