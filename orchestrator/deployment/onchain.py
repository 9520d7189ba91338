"""Small questions to a chain about contracts of ours, and to a node about itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_utils.crypto import keccak

from orchestrator.chain.abi import artifact
from orchestrator.chain.codec import encode_call
from orchestrator.chain.connection import Connection
from orchestrator.chain.links import named_by
from orchestrator.deployment.code import masked
from orchestrator.deployment.consortium import LOCAL_CHAINS
from orchestrator.types import Address

# what a contract answers about the contracts that it is bound to
VIEWS = {
    "Consortium": "binding",
    "CheckpointSchedule": "binding",
    "KeyDirectory": "rounds",
    "RoundLedger": "revocations",
}
SPAN = 1000
"""Blocks over which the time of one is measured."""
DEVELOPMENT_CLIENTS = ("anvil", "ganache", "hardhat")


def is_ours(chain: Connection, name: str, address: str) -> bool:
    """Whether the code at an address is what the sources compile to, immutables apart."""
    known = artifact(name)
    code = chain.code(Address(address))
    return bool(code) and "0x" + keccak(masked(code, known.document["immutables"])).hex() == known.code_hash


def is_there(chain: Connection, address: str) -> bool:
    """Whether any code lies at an address."""
    return bool(chain.code(Address(address)))


def bound_to(chain: Connection, name: str, address: str) -> list[Any]:
    """What a contract is bound to; zero addresses while it is not."""
    answer = named_by(chain, name, address, VIEWS[name])
    return answer if isinstance(answer, list) else [answer]


def bind_data(name: str, arguments: Sequence[Any]) -> str:
    return "0x" + encode_call(artifact(name).functions["bind"], arguments).hex()


def transaction_known(chain: Connection, transaction: str) -> bool:
    return chain.request("eth_getTransactionByHash", [transaction]) is not None


def is_local(chain: Connection) -> bool:
    """Whether the chain is one of this machine's development chains: by its id and by what its node says it is, since
    a real network may have the same id."""
    if chain.chain_id not in LOCAL_CHAINS:
        return False
    client = str(chain.request("web3_clientVersion", [])).lower()
    return any(name in client for name in DEVELOPMENT_CLIENTS)


def seconds_per_block(chain: Connection) -> float | None:
    """Over the last ``SPAN`` blocks; None where a chain has fewer, or makes blocks as they are wanted."""
    newest = chain.block_number()
    if newest < SPAN:
        return None
    first, last = chain.blocks([newest - SPAN, newest])
    return (last.timestamp - first.timestamp) / SPAN or None
