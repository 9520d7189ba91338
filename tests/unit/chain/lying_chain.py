"""A node that lies, is late, loses questions and answers, and ends the process that asks; its chain is honest.

What it never does is to show a receipt of something that was not mined, or of another outcome: nobody could tell that
from the truth with one node alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from orchestrator.chain.memory import GAS, Emitted, MemoryChain, Refusal
from orchestrator.chain.port import Block, RawLog, Receipt, RpcRefused
from orchestrator.errors import ChainError
from orchestrator.types import Address, Digest

T = TypeVar("T")
WORDS = (
    "already known",
    "nonce too low",
    "replacement transaction underpriced",
    "insufficient funds",
    "internal error",
)


class Died(Exception):
    """The process ends here."""


class LyingChain:
    """A node before ``truth``.

    Attributes:
        trouble: share of the answers that are wrong; 0 makes it honest.
        refusing: share of the transactions that the contract refuses when mined, though it accepted them before.
    """

    def __init__(self, truth: MemoryChain, seed: int, trouble: float, refusing: float = 0.0) -> None:
        self.truth, self.trouble, self.refusing = truth, trouble, refusing
        self.random = random.Random(seed)
        self.finality_depth = 0
        for address, contract in truth.contracts.items():
            truth.contracts[address] = self._moody(contract)
        self._deciding = False

    @property
    def chain_id(self) -> int:
        return self.truth.chain_id

    def _moody(self, contract: Callable[[Address, bytes], Emitted]) -> Callable[[Address, bytes], Emitted]:
        def act(sender: Address, data: bytes) -> Emitted:
            if self._deciding and self.random.random() < self.refusing:
                raise Refusal(b"")
            return contract(sender, data)

        return act

    def mine(self) -> None:
        self._deciding = True
        self.truth.mine()
        self._deciding = False

    def rewind(self, blocks: int) -> None:
        """A development chain that comes back with an older state: what waited is forgotten, too."""
        self.truth.rewind(max(self.truth.block_number() - blocks, 0))
        self.truth._waiting.clear()

    def _trouble(self) -> str:
        if self.random.random() >= self.trouble:
            return ""
        return self.random.choice(["lost", "unanswered", "lie", "lie", "died before", "died after"])

    def _asked(self, ask: Callable[[], T], lie: Callable[[], T] | None = None) -> T:
        kind = self._trouble()
        if kind == "lost":
            raise ChainError("no answer")
        if kind == "died before":
            raise Died
        if kind == "lie" and lie is not None:
            return lie()
        answer = ask()
        if kind == "unanswered":
            raise ChainError("no answer in time")
        if kind == "died after":
            raise Died
        return answer

    # -- the port

    def client(self) -> str:
        return self._asked(self.truth.client, lambda: "Ganache/v7")

    def block_number(self) -> int:
        return self._asked(
            self.truth.block_number, lambda: max(self.truth.block_number() + self.random.randint(-9, 9), 0)
        )

    def block(self, number: int) -> Block:
        return self.blocks([number])[0]

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        return self._asked(lambda: self.truth.blocks(numbers))

    def logs(
        self, addresses: Sequence[Address], from_block: int, to_block: int, topics: Sequence[Digest] = ()
    ) -> list[RawLog]:
        return self._asked(lambda: self.truth.logs(addresses, from_block, to_block, topics))

    def transactions(self, hashes: Sequence[Digest]) -> list[Mapping[str, Any]]:
        return self._asked(lambda: self.truth.transactions(hashes), lambda: [{} for _ in hashes])

    def code(self, address: Address) -> bytes:
        return self._asked(lambda: self.truth.code(address))

    def balance(self, address: Address) -> int:
        return self._asked(lambda: self.truth.balance(address), lambda: 0)

    def call(self, to: Address, data: bytes, *, sender: Address | None = None, block: int | None = None) -> bytes:
        return self._asked(lambda: self.truth.call(to, data, sender=sender, block=block))

    def estimate_gas(self, transaction: Mapping[str, Any]) -> int:
        return self._asked(lambda: self.truth.estimate_gas(transaction), lambda: self.random.choice([0, GAS, 10**7]))

    def transaction_count(self, address: Address) -> int:
        return self._asked(
            lambda: self.truth.transaction_count(address),
            lambda: max(self.truth.transaction_count(address) + self.random.randint(-5, 20), 0),
        )

    def mined_count(self, address: Address) -> int:
        return self._asked(
            lambda: self.truth.mined_count(address),
            lambda: max(self.truth.mined_count(address) + self.random.randint(-5, 20), 0),
        )

    def receipt(self, transaction: Digest) -> Receipt | None:
        return self._asked(lambda: self.truth.receipt(transaction), lambda: None)

    def send_raw(self, raw: bytes) -> Digest:
        return self._asked(lambda: self.truth.send_raw(raw), lambda: self._misled(raw))

    def _misled(self, raw: bytes) -> Digest:
        """Takes it or not, perhaps twice, and says something else."""
        for _ in range(self.random.randint(0, 2)):
            try:
                self.truth.send_raw(raw)
            except RpcRefused:
                continue
        if self.random.random() < 0.3:
            return Digest("0x" + "77" * 32)
        words = self.random.choice(WORDS)
        raise RpcRefused(f"eth_sendRawTransaction was refused: {words}", rpc_message=words)
