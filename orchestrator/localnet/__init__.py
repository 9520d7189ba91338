"""A public chain, a private chain and one IPFS node for each organisation, on this machine's loopback.

For development and tests: the chains' accounts are unlocked and one operator runs all of it.
"""

from orchestrator.localnet.anvil import automining_anvil
from orchestrator.localnet.network import DEFAULT_ORGANISATIONS, Status, down, read_network, status, up
from orchestrator.localnet.state import Chain, Network, StorageNode

__all__ = [
    "DEFAULT_ORGANISATIONS",
    "Chain",
    "Network",
    "Status",
    "StorageNode",
    "automining_anvil",
    "down",
    "read_network",
    "status",
    "up",
]
