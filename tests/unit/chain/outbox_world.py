"""A chain that makes a block whenever somebody waits, and a home with an outbox that may be started again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chain_nodes import AccountSigner

from orchestrator.chain.action import acting
from orchestrator.chain.delivery import Delivery
from orchestrator.chain.fees import FeePolicy
from orchestrator.chain.memory import MemoryChain
from orchestrator.chain.outbox import Outbox, Status
from orchestrator.chain.port import ChainPort, Receipt
from orchestrator.chain.proxy import Call
from orchestrator.chain.submission import Submission
from orchestrator.types import Address
from tests.unit.chain.memory_outbox import MemoryOutbox

ECHO = Address("0x" + "ec" * 20)
SIGNER = AccountSigner()


def say(text: bytes = b"hello", topic: int = 0x17) -> Call:
    return Call("Echo.say", 1337, ECHO, bytes([topic]) * 32 + text, "anyone")


@dataclass
class World:
    """See the module."""

    chain: MemoryChain
    outbox: Outbox = field(default_factory=MemoryOutbox)
    policy: FeePolicy = field(default_factory=FeePolicy)
    time: float = 1.0
    mining: bool = True
    node: ChainPort | None = None
    waits: Callable[[], None] = lambda: None
    lock: Any = field(default_factory=threading.RLock)

    def start(self) -> Delivery:
        node = Submission(self.node or self.chain, SIGNER, margin=0.25, cap=self.policy.cap)
        return Delivery(node, self.outbox, self.policy, self.lock, 30.0, 1.0, lambda: self.time, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.waits()
        if self.mining:
            self.chain.mine()

    def send(self, call: Call, action: str = "act/1", by: Delivery | None = None) -> Receipt:
        with acting(action):
            return (by or self.start()).deliver(call, action)

    @property
    def said(self) -> list[bytes]:
        return [log.data for log in self.chain.logs([ECHO], 0, self.chain.block_number())]

    @property
    def statuses(self) -> list[Status]:
        assert isinstance(self.outbox, MemoryOutbox)
        return [entry.status for _, entry in self.outbox.rows.values()]
