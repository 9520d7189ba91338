"""Deployers for the chains of a consortium, and the binding of the pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator import deployment as d
from orchestrator.deployment.account import Account
from orchestrator.deployment.arguments import labels_of
from orchestrator.deployment.deployer import Deployer
from orchestrator.deployment.lane import Lane
from orchestrator.deployment.limits import most_gas
from orchestrator.deployment.onchain import is_there
from orchestrator.deployment.terms import check_terms
from orchestrator.errors import ChainError, ConfigurationError
from scripts.nodes import LOCAL_NETWORKS, Node, node_of, role_of
from scripts.settings import Settings

LOCAL_POLL, POLL = 0.1, 1.0  # seconds


@dataclass(frozen=True)
class Plan:
    """What all runs share. ``creation``: creation code by contract."""

    settings: Settings
    description: d.ConsortiumDescription
    creation: Mapping[str, str]

    def on(self, node: Node, account: Account | None = None) -> Deployer:
        """A deployer for a chain; with ``account``, for that one.

        Raises:
            ConfigurationError: there is no account, or the consortium file leaves to chance what a contract keeps for
                ever. WrongChain: the chain is not the consortium's.
        """
        role = role_of(node.network, node.chain.chain_id, self.description)
        if not node.local:  # a real chain may have a local one's id
            check_terms(role, node.chain.chain_id, self.description.left_out)
        lane = Lane(
            node.chain,
            account or self.settings.account(node.chain, local=node.local),
            confirmations=self.settings.confirmations_on(role, self.description, local=node.local),
            poll=LOCAL_POLL if node.local else POLL,
            raise_fee=self.settings.raise_fee,
            most_gas=None if node.local else most_gas(node.chain),
            say=(lambda _: None) if node.local else lambda line: print(f"  {line}", flush=True),
        )
        return Deployer(lane, self.settings.deployments, role, self.description, self.creation, local=node.local)

    def records(self) -> dict[str, d.DeploymentRecord | None]:
        """The deployment files as they are now, by side."""
        chains = {"public": self.description.public_chain_id, "private": self.description.private_chain_id}
        return {role: d.read_record(self.settings.deployments, chain_id) for role, chain_id in chains.items()}


def development_description(folder: Path, node: Node) -> d.ConsortiumDescription:
    """The development consortium: that of a former run, so that both chains get the same, or the node's accounts.

    Raises:
        ConfigurationError: the chain is not a local one.
    """
    if not node.local:
        raise ConfigurationError(
            f"chain {node.chain.chain_id} is not a local one", mend="name a consortium file in LORANCHOR_CONSORTIUM"
        )
    for chain_id in (node.chain.chain_id, *d.LOCAL_CHAINS):
        record = d.read_record(folder, chain_id)
        if record is not None and "Consortium" in record.contracts:
            return d.description_of(record)
    return d.development_description(node.chain.request("eth_accounts", []))


def bind_pair(plan: Plan, nodes: Sequence[Node]) -> tuple[list[Deployer], str]:
    """Bind the Consortium contracts to each other: on the chains of this run, and where they are local, on both local
    ones.

    Returns:
        Who has bound, and what hindered it.
    """
    records = plan.records()
    public, private = records["public"], records["private"]
    if (
        public is None
        or private is None
        or "Consortium" not in public.contracts
        or "Consortium" not in private.contracts
    ):
        return [], ""
    check_same_consortium(public, private)
    local = all(node.local for node in nodes)
    sides = _local_sides(nodes) if local else list(nodes)
    if isinstance(sides, str):
        return [], sides
    for node in sides if local else []:
        record = records[role_of(node.network, node.chain.chain_id, plan.description)]
        if record is None or not is_there(node.chain, record.addresses["Consortium"]):
            # a binding is for ever: never bind to an address that a former chain had
            return [], f"`brownie run deploy --network {node.network}`: what its file names is not there any more"
    runs = [plan.on(node) for node in sides]
    for run in runs:
        run.bind_consortium(public, private)
    return runs, ""


def check_same_consortium(public: d.DeploymentRecord, private: d.DeploymentRecord) -> None:
    """Raises:
    ConfigurationError: the two files are of other consortia, or of other founding members or quorums.
    """
    mend = "a binding is for ever: put the two files of one consortium into the folder"
    both = f"{public.chain_id}.json and {private.chain_id}.json"
    if public.consortium_id != private.consortium_id:
        raise ConfigurationError(
            f"{both} are of two consortia: {public.consortium_id} and {private.consortium_id}", mend=mend
        )
    founded = [record.contracts["Consortium"].constructor_arguments for record in (public, private)]
    pairs = zip(labels_of("Consortium"), *founded, strict=False)
    other = [label for label, first, second in pairs if first != second]
    if other or len(founded[0]) != len(founded[1]):
        names = ", ".join(other) or "arguments"
        raise ConfigurationError(f"{both} have Consortium contracts that were made with other {names}", mend=mend)


def _local_sides(nodes: Sequence[Node]) -> list[Node] | str:
    known = {node.network: node for node in nodes}
    try:
        return [known.get(name) or node_of(name) for name in LOCAL_NETWORKS]
    except ChainError as error:
        return f"the other chain is needed to bind the pair: {error}"
