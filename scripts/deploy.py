"""`brownie run deploy [--network NAME]`: the contracts of one chain; without a network those of both local chains.

Environment:
    LORANCHOR_CONSORTIUM   consortium file (loranchor/consortium); without it, a local chain gets the organisations
                           aurora, borealis and cumulus with keys from its node's unlocked accounts
    LORANCHOR_DEPLOYMENTS  folder of the deployment files (default: deployments)
    LORANCHOR_DEPLOYER     name of an encrypted Brownie account (`brownie accounts new NAME`) for other chains

A second run sends nothing. An interrupted run goes on where it stopped. See docs/contracts.md.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from brownie import accounts, network, web3
from brownie._config import CONFIG

from orchestrator import deployment as d
from orchestrator.errors import ChainError, ConfigurationError, LoranchorError, WrongChain
from scripts.deployer import Deployer
from scripts.onchain import code_at

LOCAL_NETWORKS = ("public", "private")


def main() -> None:
    """Entry point of `brownie run deploy`."""
    try:
        deploy()
    except LoranchorError as error:
        print(f"deploy: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def deploy() -> None:
    folder = Path(os.environ.get("LORANCHOR_DEPLOYMENTS") or "deployments")
    path = os.environ.get("LORANCHOR_CONSORTIUM")
    description = d.read_description(Path(path)) if path else None
    networks = [CONFIG.argv["network"]] if CONFIG.argv["network"] else list(LOCAL_NETWORKS)
    runs = []
    for name in networks:
        connect(name)
        description = description or default_description(folder)
        run = Deployer(folder, role_of(name, description), description, deployer())
        run.run()
        report(run)
        runs.append(run)
    sent, notes = bind_pair(folder, description)
    sent += sum(run.transactions for run in runs)
    print("\n".join(notes))
    print(f"transactions sent: {sent}" if sent else "nothing to do: everything is deployed, transactions sent: 0")


def connect(name: str) -> None:
    """Brownie is connected to ``name`` afterwards, and to nothing else."""
    if network.show_active() != name:
        if network.is_connected():
            network.disconnect()
        network.connect(name)
    if not web3.isConnected():
        mend = "`loranchor network up`" if name in LOCAL_NETWORKS else "check its address and that it runs"
        raise ChainError(f"the node of network {name} does not answer", mend=mend)


def role_of(name: str, description: d.ConsortiumDescription) -> str:
    """Which side the connected chain is, by its id.

    Raises:
        WrongChain: neither, or not the one that the network's name promises.
    """
    chains = {description.public_chain_id: "public", description.private_chain_id: "private"}
    role = chains.get(int(web3.chain_id))
    if role is None or (name in LOCAL_NETWORKS and role != name):
        raise WrongChain(
            f"network {name} has chain id {web3.chain_id}; the consortium's chains are "
            f"{description.public_chain_id} (public) and {description.private_chain_id} (private)",
            mend="check the network, or `chains` in the consortium file",
        )
    return role


def default_description(folder: Path) -> d.ConsortiumDescription:
    """The development consortium: that of a former run, so that both chains get the same, or the node's accounts."""
    if int(web3.chain_id) not in d.LOCAL_CHAINS:
        raise ConfigurationError(
            f"chain {web3.chain_id} is not a local one", mend="name a consortium file in LORANCHOR_CONSORTIUM"
        )
    for chain_id in (int(web3.chain_id), *d.LOCAL_CHAINS):
        record = d.read_record(folder, chain_id)
        if record is not None and "Consortium" in record.contracts:
            return d.description_of(record)
    return d.development_description(list(web3.eth.accounts))


def deployer() -> Any:
    """An unlocked account on a local chain; else the encrypted account that LORANCHOR_DEPLOYER names."""
    name = os.environ.get("LORANCHOR_DEPLOYER")
    if name:
        if name not in accounts.load():
            raise ConfigurationError(f"Brownie has no account {name}", mend=f"`brownie accounts new {name}`")
        return accounts.load(name)
    if int(web3.chain_id) in d.LOCAL_CHAINS and web3.eth.accounts:
        return accounts.at(web3.eth.accounts[0], force=True)
    raise ConfigurationError(
        f"no account to deploy from on chain {web3.chain_id}", mend="name a Brownie account in LORANCHOR_DEPLOYER"
    )


def bind_pair(folder: Path, description: d.ConsortiumDescription) -> tuple[int, list[str]]:
    """Binds the two Consortium contracts to each other where both are known; how many transactions, what to say."""
    pair = [d.read_record(folder, number) for number in (description.public_chain_id, description.private_chain_id)]
    public, private = pair
    for role, record in zip(LOCAL_NETWORKS, pair, strict=True):
        if record is None or "Consortium" not in record.contracts:
            return 0, [f"next: deploy the {role} chain; the two Consortium contracts are bound to each other then"]
    local = {public.chain_id, private.chain_id} == set(d.LOCAL_CHAINS)
    sides = LOCAL_NETWORKS if local else (str(network.show_active()),)
    if local and (stale := [name for name, record in zip(sides, pair, strict=True) if not alive(name, record)]):
        # a binding is for ever: never bind to an address that a former chain had
        return 0, [f"next: deploy the {stale[0]} chain again; what its file names is not there any more"]
    sent = 0
    for name in sides:
        connect(name)
        run = Deployer(folder, role_of(name, description), description, deployer())
        run.bind_consortium(public, private)
        sent += run.transactions
    return sent, ["next: `loranchor org init`, then `loranchor daemon run` for each organisation (docs/contracts.md)"]


def alive(name: str, record: d.DeploymentRecord) -> bool:
    """Whether the chain answers and holds the Consortium that its file names."""
    try:
        connect(name)
    except (ChainError, ConnectionError):
        return False
    return bool(code_at(record.addresses["Consortium"]))


def report(run: Deployer) -> None:
    print("".join(f"{line}\n" for line in run.said), end="")
    print(f"{run.role} chain {run.chain_id}: {run.transactions} transactions sent")
    for name, contract in run.record.contracts.items():
        print(f"  {name:<20} {contract.address}  block {contract.block}")
    print(f"  written to {d.record_path(run.folder, run.chain_id)}")
