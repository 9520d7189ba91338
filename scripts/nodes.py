"""The chains behind Brownie's network names."""

from __future__ import annotations

import os
from dataclasses import dataclass

from brownie._config import CONFIG

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.deployment.onchain import is_local
from orchestrator.errors import ChainError, ConfigurationError, WrongChain
from tools.brownie.preflight import chain_id_at

LOCAL_NETWORKS = ("public", "private")
_secrets: dict[str, str] = {}


@dataclass(frozen=True)
class Node:
    """One chain at one node. ``local``: a development chain of this machine."""

    network: str
    chain: Connection
    local: bool


def node_of(network: str) -> Node:
    """The chain of a network that Brownie knows.

    Raises:
        ConfigurationError: its address is none of HTTP. ChainError: the node does not answer.
    """
    entry = CONFIG.networks[network]
    url = os.path.expandvars(str(entry["host"]))
    if not url.startswith(("http://", "https://")):
        raise ConfigurationError(f"network {network} has no HTTP address", mend="`brownie networks modify` it")
    _secrets[url] = f"the node of {network}"
    chain_id = chain_id_at(url)
    if chain_id is None:
        mend = "`loranchor network up`" if network in LOCAL_NETWORKS else "check its address and that it runs"
        raise ChainError(f"the node of network {network} does not answer", mend=mend)
    chain = Connection(url, chain_id, float(entry.get("timeout", 30)))
    return Node(network, chain, is_local(chain))


def role_of(network: str, chain_id: int, description: d.ConsortiumDescription) -> str:
    """Which side a chain is, by its id.

    Raises:
        WrongChain: neither, or not the one that the network's name promises.
    """
    chains = {description.public_chain_id: "public", description.private_chain_id: "private"}
    role = chains.get(chain_id)
    if role is None or (network in LOCAL_NETWORKS and role != network):
        raise WrongChain(
            f"network {network} has chain id {chain_id}; the consortium's chains are "
            f"{description.public_chain_id} (public) and {description.private_chain_id} (private)",
            mend="check the network, or `chains` in the consortium file",
        )
    return role


def without_addresses(text: str) -> str:
    """``text`` with the nodes' names in place of their addresses, which may hold a key."""
    for url, name in _secrets.items():
        text = text.replace(url, name)
    return text
