"""Where a bundle's maker gets headers, state proofs and raw transactions: one small port beside the chain's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from orchestrator.audit.bundle.header import header_bytes
from orchestrator.chain import rpc_values as rpc
from orchestrator.chain.connection import Connection
from orchestrator.chain.port import ChainReader
from orchestrator.chain.senders import raw_transaction
from orchestrator.errors import ChainError
from orchestrator.types import Address, Digest

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class AccountProof:
    """Nodes from the state root to an account, and from its storage root to each slot that was asked for."""

    account: tuple[bytes, ...]
    slots: tuple[tuple[bytes, ...], ...]


class ProofSource(Protocol):
    """A public chain's node that proves its state. Every method raises ``ChainError`` as :class:`ChainReader` does."""

    def header(self, number: int) -> bytes:
        """The header of a block in RLP, whose keccak is the block's hash."""

    def prove(self, address: Address, slots: Sequence[Digest], number: int) -> AccountProof:
        """Proofs of an account and of some of its storage in the state after a block."""


class NodeProofs:
    """A node behind a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def header(self, number: int) -> bytes:
        block = self._connection.request("eth_getBlockByNumber", [hex(number), False])
        if block is None:
            raise ChainError(f"the chain at {self._connection.url} has no block {number}")
        return header_bytes(rpc.mapping(block, f"block {number}"))

    def prove(self, address: Address, slots: Sequence[Digest], number: int) -> AccountProof:
        answer = rpc.mapping(
            self._connection.request("eth_getProof", [address, list(slots), hex(number)]), "proof of an account"
        )
        stored = answer.get("storageProof")
        if not isinstance(stored, list) or len(stored) != len(slots):
            raise ChainError(f"the node's proof of {address} has not what was asked for", mend="use another node")
        proofs = (_nodes(rpc.mapping(entry, "proof of a slot"), "proof") for entry in stored)
        return AccountProof(_nodes(answer, "accountProof"), tuple(proofs))


def _nodes(answer: Mapping[str, Any], name: str) -> tuple[bytes, ...]:
    value = answer.get(name)
    if not isinstance(value, list):
        raise ChainError("the node's proof is malformed", mend="use a node that answers eth_getProof")
    return tuple(rpc.data(item, "node of a proof") for item in value)


def raw_transactions(chain: ChainReader, hashes: Sequence[Digest]) -> dict[Digest, bytes]:
    """The signed bytes of mined transactions, by hash.

    Raises:
        ChainError: the node does not know one, or its fields do not hash to it.
    """
    found: dict[Digest, bytes] = {}
    wanted = list(dict.fromkeys(hashes))
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        for hash_, fields in zip(part, chain.transactions(part), strict=True):
            found[hash_] = raw_transaction(fields, expected_hash=hash_, chain_id=chain.chain_id)
    return found
