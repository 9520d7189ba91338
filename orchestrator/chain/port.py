"""The port to one chain: what is asked of a node, and nothing more.

``Connection`` speaks to a real node; ``MemoryChain`` is the fake. One suite runs against both
(tests/ports/test_chain.py). Answers are validated: an implementation raises ``ChainError`` rather than hand on a
malformed one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from orchestrator.errors import ChainError
from orchestrator.types import Address, Digest


class RpcRefused(ChainError):
    """The node answered with a JSON-RPC error.

    Args:
        rpc_message: the node's own words. data: what came with it, such as the revert data.
    """

    def __init__(self, message: str, *, rpc_message: str = "", data: Any = None, mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.rpc_message = rpc_message
        self.data = data


@dataclass(frozen=True, slots=True)
class Block:
    """A block header, as far as it is needed. ``base_fee`` is None on chains without EIP-1559."""

    number: int
    hash: Digest
    parent_hash: Digest
    timestamp: int
    base_fee: int | None


@dataclass(frozen=True, slots=True)
class RawLog:
    """An undecoded event."""

    address: Address
    topics: tuple[Digest, ...]
    data: bytes
    block: int
    block_hash: Digest
    transaction: Digest
    log_index: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a mined transaction."""

    transaction: Digest
    block: int
    block_hash: Digest
    succeeded: bool
    gas_used: int
    logs: tuple[RawLog, ...]


class LogSource(Protocol):
    """What readers of events need of a chain; a part of :class:`ChainReader`."""

    @property
    def chain_id(self) -> int: ...
    def block_number(self) -> int: ...
    def blocks(self, numbers: Sequence[int]) -> list[Block]: ...
    def logs(
        self, addresses: Sequence[Address], from_block: int, to_block: int, topics: Sequence[Digest] = ()
    ) -> list[RawLog]: ...
    def transactions(self, hashes: Sequence[Digest]) -> list[Mapping[str, Any]]: ...


class ChainReader(Protocol):
    """One chain, for reading only; ``ChainError`` when the node is down, slow, malformed or of another chain."""

    @property
    def chain_id(self) -> int:
        """The chain id that was expected; the node's is checked against it before the first answer."""

    @property
    def finality_depth(self) -> int:
        """Blocks that must lie on top of a block before it counts as final."""

    def client(self) -> str:
        """The node's own name and version; empty where it tells none."""

    def block_number(self) -> int:
        """The newest block."""

    def block(self, number: int) -> Block:
        """The block of that number; ``ChainError`` when the chain does not have it (yet)."""

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """Several blocks in one request."""

    def logs(
        self, addresses: Sequence[Address], from_block: int, to_block: int, topics: Sequence[Digest] = ()
    ) -> list[RawLog]:
        """Events of those contracts in both blocks and between; ``topics`` are alternatives for the event itself."""

    def transactions(self, hashes: Sequence[Digest]) -> list[Mapping[str, Any]]:
        """The node's fields of each mined transaction, in the order asked."""

    def code(self, address: Address) -> bytes:
        """Runtime code; empty where no contract is."""

    def balance(self, address: Address) -> int:
        """In wei."""

    def call(self, to: Address, data: bytes, *, sender: Address | None = None, block: int | None = None) -> bytes:
        """A read; ``RpcRefused`` with the revert data when the contract refuses."""

    def transaction_count(self, address: Address) -> int:
        """The next nonce, pending transactions included."""

    def mined_count(self, address: Address) -> int:
        """The next nonce, pending transactions left out: how many of the account are in blocks."""

    def receipt(self, transaction: Digest) -> Receipt | None:
        """None while it is not mined."""


class ChainPort(ChainReader, Protocol):
    """One chain, for sending too; its methods raise as those of :class:`ChainReader` do."""

    def estimate_gas(self, transaction: Mapping[str, Any]) -> int:
        """Gas of a transaction with ``from``, ``to``, ``data`` (hex) and ``value``; ``RpcRefused`` when it reverts."""

    def send_raw(self, raw: bytes) -> Digest:
        """Broadcast; ``RpcRefused`` when the node does not take it."""
