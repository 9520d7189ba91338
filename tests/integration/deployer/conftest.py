"""A chain for each test, as it was started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chain_nodes import anvil, ganache
from deployer_world import Make, creation_code, side_of

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.deployment.account import Account, NodeAccount
from orchestrator.deployment.deployer import Deployer
from orchestrator.deployment.lane import Lane


@pytest.fixture(scope="package", params=["anvil", "ganache"])
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Public side on Anvil, private side on Ganache."""
    scratch = tmp_path_factory.mktemp("node")
    with anvil() if request.param == "anvil" else ganache(scratch) as chain:
        yield chain


@pytest.fixture
def chain(node: Connection) -> Iterator[Connection]:
    snapshot = node.request("evm_snapshot", [])
    yield node
    node.request("evm_revert", [snapshot])


@pytest.fixture
def description(chain: Connection) -> d.ConsortiumDescription:
    return d.development_description(chain.request("eth_accounts", []))


@pytest.fixture
def make(chain: Connection, description: d.ConsortiumDescription, tmp_path: Path) -> Make:
    """A run's Deployer for the chain's own side."""

    def deployer(
        settings: d.ConsortiumDescription = description,
        account: Account | None = None,
        folder: Path = tmp_path / "files",
        local: bool = True,
        role: str = "",
        **options: Any,
    ) -> Deployer:
        account = account or NodeAccount(chain.request("eth_accounts", [])[0])
        lane = Lane(chain, account, **{"poll": 0.01, "patience": 20.0, **options})
        return Deployer(lane, folder, role or side_of(chain), settings, creation_code(), local=local)

    return deployer
