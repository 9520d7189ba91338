"""A chain whose questions are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.chain.port import Block, ChainReader, RawLog, Receipt
from orchestrator.types import Address, Digest


class MeteredChain:
    """Another port to the same chain, for reading only.

    Attributes:
        calls: questions asked so far; a batch counts as one.
    """

    def __init__(self, chain: ChainReader) -> None:
        self._chain = chain
        self.calls = 0

    @property
    def chain_id(self) -> int:
        return self._chain.chain_id

    @property
    def finality_depth(self) -> int:
        return self._chain.finality_depth

    def client(self) -> str:
        return self._counted().client()

    def block_number(self) -> int:
        return self._counted().block_number()

    def block(self, number: int) -> Block:
        return self._counted().block(number)

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        return self._counted().blocks(numbers)

    def logs(
        self, addresses: Sequence[Address], from_block: int, to_block: int, topics: Sequence[Digest] = ()
    ) -> list[RawLog]:
        return self._counted().logs(addresses, from_block, to_block, topics)

    def transactions(self, hashes: Sequence[Digest]) -> list[Mapping[str, Any]]:
        return self._counted().transactions(hashes)

    def code(self, address: Address) -> bytes:
        return self._counted().code(address)

    def balance(self, address: Address) -> int:
        return self._counted().balance(address)

    def call(self, to: Address, data: bytes, *, sender: Address | None = None, block: int | None = None) -> bytes:
        return self._counted().call(to, data, sender=sender, block=block)

    def transaction_count(self, address: Address) -> int:
        return self._counted().transaction_count(address)

    def mined_count(self, address: Address) -> int:
        return self._counted().mined_count(address)

    def receipt(self, transaction: Digest) -> Receipt | None:
        return self._counted().receipt(transaction)

    def _counted(self) -> ChainReader:
        self.calls += 1
        return self._chain
