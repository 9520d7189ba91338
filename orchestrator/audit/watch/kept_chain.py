"""A chain that is asked for its old blocks once: readers may read from the beginning at every look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.audit.metered import MeteredChain
from orchestrator.audit.watch.observation import Mark
from orchestrator.chain.logs import CHUNK
from orchestrator.chain.port import Block, ChainReader, RawLog, Receipt
from orchestrator.errors import ChainError
from orchestrator.types import Address, Digest


class Behind(ChainError):
    """The node has fewer blocks than were read before."""


class KeptChain(MeteredChain):
    """A port that remembers events, transactions, blocks and code up to the last final block of the last look.

    Args:
        chain: the node. addresses: all contracts that will be asked for. first: the block to read from.
    """

    def __init__(self, chain: ChainReader, addresses: Sequence[Address], first: int) -> None:
        super().__init__(chain)
        self._addresses, self._first = tuple(addresses), first
        self.forget()

    @property
    def finality_depth(self) -> int:
        """None beyond what :meth:`advance` has left out."""
        return 0

    def advance(self, known: Mark | None) -> tuple[Block, Mark | None, bool]:
        """Read on to the newest final block.

        Args:
            known: the block that the last look ended with, by the watcher's memory.

        Returns:
            The newest final block; ``known``, if the chain has it no more; and whether there are new events.

        Raises:
            ChainError: the node is down or contradicts itself. Behind: it has fewer blocks than were read.
        """
        chain = self._counted()
        head = max(chain.block_number() - chain.finality_depth, 0)
        last = self._mark or known
        if last is not None and head < last.number:
            raise Behind(f"the node has {head} final blocks, {last.number} were read before")
        gone = known if known is not None and chain.block(known.number).hash != known.hash else None
        if self._mark is not None and (gone or chain.block(self._mark.number).hash != self._mark.hash):
            self.forget()
        fresh = self._read_to(head)
        return self.block(head), gone, fresh

    def forget(self) -> None:
        """Read everything anew the next time."""
        self._logs: list[RawLog] = []
        self._blocks: dict[int, Block] = {}
        self._transactions: dict[Digest, Mapping[str, Any]] = {}
        self._receipts: dict[Digest, Receipt] = {}
        self._codes: dict[Address, bytes] = {}
        self._mark: Mark | None = None
        self._head = self._first - 1

    def _read_to(self, head: int) -> bool:
        """Whether anything new was read; the first time, always."""
        known, first_time = len(self._logs), self._mark is None
        for start in range(self._head + 1, head + 1, CHUNK):
            end = min(start + CHUNK - 1, head)
            found = self._counted().logs(self._addresses, start, end)
            hash_ = self._counted().block(end).hash
            self._logs += found
            self._head, self._mark = end, Mark(end, hash_)
        return first_time or len(self._logs) != known

    # -- the port

    def block_number(self) -> int:
        return self._head

    def block(self, number: int) -> Block:
        return self.blocks([number])[0]

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        fresh = [number for number in dict.fromkeys(numbers) if number not in self._blocks]
        if fresh:
            self._blocks |= zip(fresh, self._counted().blocks(fresh), strict=True)
        return [self._blocks[number] for number in numbers]

    def logs(
        self, addresses: Sequence[Address], from_block: int, to_block: int, topics: Sequence[Digest] = ()
    ) -> list[RawLog]:
        """From memory. What the node gave unasked for is left in, for the reader to refuse."""
        others = set(self._addresses) - set(addresses)
        return [
            log
            for log in self._logs
            if from_block <= log.block <= to_block
            and log.address not in others
            and (not topics or not log.topics or log.topics[0] in topics)
        ]

    def transactions(self, hashes: Sequence[Digest]) -> list[Mapping[str, Any]]:
        fresh = [hash_ for hash_ in dict.fromkeys(hashes) if hash_ not in self._transactions]
        if fresh:
            self._transactions |= zip(fresh, self._counted().transactions(fresh), strict=True)
        return [self._transactions[hash_] for hash_ in hashes]

    def code(self, address: Address) -> bytes:
        """Asked for once: contracts here cannot be replaced, and one that destroys itself would answer no view."""
        if address not in self._codes:
            self._codes[address] = super().code(address)
        return self._codes[address]

    def receipt(self, transaction: Digest) -> Receipt | None:
        found = self._receipts.get(transaction) or super().receipt(transaction)
        if found is not None:
            self._receipts[transaction] = found
        return found
