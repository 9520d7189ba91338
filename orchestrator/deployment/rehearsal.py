"""A deployment tried out on a chain that is thrown away: what each step costs in gas, and whether a contract refuses
its settings, before anything is sent to a real one."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.deployment.account import NodeAccount
from orchestrator.deployment.deployer import Deployer
from orchestrator.deployment.lane import Lane
from orchestrator.localnet import automining_anvil
from orchestrator.localnet.ports import HOST

SOMEWHERE = "0x" + "ad" * 20
"""Stands for the other chain's Consortium while there is none."""

ROOM = 2**32
"""Gas of a block: enough for any number of members, so that what is too much for the real chain has a figure."""


def rehearse(role: str, description: d.ConsortiumDescription, creation: Mapping[str, str]) -> dict[str, int]:
    """Gas of each step of a whole deployment on a chain of this side.

    Raises:
        EnvironmentMissing: Anvil is not installed. TransactionReverted: a contract refuses its settings.
    """
    chain_id = description.public_chain_id if role == "public" else description.private_chain_id
    with automining_anvil(chain_id=chain_id) as port, tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        chain = Connection(f"http://{HOST}:{port}", chain_id)
        chain.request("evm_setBlockGasLimit", [hex(ROOM)])
        lane = Lane(chain, NodeAccount(chain.request("eth_accounts", [])[0]), poll=0.01)
        deployer = Deployer(lane, Path(folder), role, description, creation, local=False)
        deployer.run()
        deployer.bind_consortium(*_pair(deployer.record, description))
        return deployer.gas


def _pair(
    record: d.DeploymentRecord, description: d.ConsortiumDescription
) -> tuple[d.DeploymentRecord, d.DeploymentRecord]:
    """The record and one of the other side that has only a Consortium."""
    entry = d.ContractRecord(SOMEWHERE, 0, "0x" + "00" * 32, (), "0x" + "00" * 32)
    if record.role == "public":
        other = d.DeploymentRecord(description.private_chain_id, "private", "", {"Consortium": entry})
        return record, other
    return d.DeploymentRecord(description.public_chain_id, "public", "", {"Consortium": entry}), record
