"""One chain as several readers see it at one go: what all of them ask of the same blocks, the node is asked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.chain.port import Block, LogSource, RawLog
from orchestrator.types import Address, Digest


class Glimpse:
    """Remembers the node's answers; for one go over a range of blocks, and then thrown away.

    Whether the chain has changed meanwhile is for the caller to ask of the node itself.

    Args:
        chain: the node. addresses: all contracts that will be asked for. head: the newest block, as the node said.
    """

    def __init__(self, chain: LogSource, addresses: Sequence[Address], head: int) -> None:
        self._chain, self._addresses, self._head = chain, tuple(addresses), head
        self._logs: dict[tuple[int, int], list[RawLog]] = {}
        self._blocks: dict[int, Block] = {}
        self._transactions: dict[Digest, Mapping[str, Any]] = {}

    @property
    def chain_id(self) -> int:
        return self._chain.chain_id

    def block_number(self) -> int:
        return self._head

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        fresh = [number for number in dict.fromkeys(numbers) if number not in self._blocks]
        self._blocks |= zip(fresh, self._chain.blocks(fresh) if fresh else [], strict=True)
        return [self._blocks[number] for number in numbers]

    def logs(
        self, addresses: Sequence[Address], from_block: int, to_block: int, topics: Sequence[Digest] = ()
    ) -> list[RawLog]:
        """Asked of all contracts at once. Events that nobody asked for are left in, for the reader to refuse."""
        span = (from_block, to_block)
        if span not in self._logs:
            self._logs[span] = self._chain.logs(self._addresses, from_block, to_block)
        others = set(self._addresses) - set(addresses)
        return [
            log
            for log in self._logs[span]
            if log.address not in others and (not topics or not log.topics or log.topics[0] in topics)
        ]

    def transactions(self, hashes: Sequence[Digest]) -> list[Mapping[str, Any]]:
        fresh = [hash_ for hash_ in dict.fromkeys(hashes) if hash_ not in self._transactions]
        self._transactions |= zip(fresh, self._chain.transactions(fresh) if fresh else [], strict=True)
        return [self._transactions[hash_] for hash_ in hashes]
