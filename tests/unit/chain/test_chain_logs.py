"""A node that lies about events is noticed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.chain.logs import SenderBook, read_logs
from orchestrator.chain.memory import MemoryChain, echo
from orchestrator.chain.port import RawLog
from orchestrator.chain.senders import ForgedSender, UnknownType
from orchestrator.errors import ChainError
from orchestrator.types import Address, Digest

ECHO = Address("0x" + "ec" * 20)
OTHER = Address("0x" + "0e" * 20)
MEMBER = Address("0x" + "aa" * 20)
TOPIC = bytes.fromhex("17" * 32)


class LyingChain(MemoryChain):
    """Its answers can be bent."""

    lie: Any = staticmethod(lambda logs: logs)
    place: Mapping[str, str] = {}

    def logs(
        self, addresses: Sequence[Address], from_block: int, to_block: int, topics: Sequence[Digest] = ()
    ) -> list[RawLog]:
        return list(self.lie(super().logs(addresses, from_block, to_block, topics)))

    def transactions(self, hashes: Sequence[Digest]) -> list[Mapping[str, Any]]:
        return [{**fields, **self.place} for fields in super().transactions(hashes)]


@pytest.fixture
def chain() -> LyingChain:
    chain = LyingChain(contracts={ECHO: echo, OTHER: echo})
    for number in range(3):
        chain.impersonate(MEMBER, ECHO, TOPIC + bytes([number]))
        chain.impersonate(MEMBER, OTHER, TOPIC + bytes([number]))
    return chain


def read(chain: LyingChain) -> list[RawLog]:
    return [log for logs in read_logs(chain, [ECHO], 0, chain.block_number()) for log in logs]


def test_honest_answers_come_in_order(chain: LyingChain) -> None:
    chain.lie = lambda logs: reversed(logs)
    assert [log.data for log in read(chain)] == [b"\0", b"\1", b"\2"]


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        (lambda logs: [*logs, logs[0]], "gave an event twice"),
        (lambda logs: [replace(logs[0], address=OTHER)], "not asked for"),
        (lambda logs: [replace(logs[0], block=999)], "not asked for"),
        (lambda logs: [replace(logs[0], topics=())], "not asked for"),
        (lambda logs: [replace(logs[0], block_hash=Digest("0x" + "66" * 32))], "names block"),
        (lambda logs: [replace(logs[0], block=logs[1].block)], "names block"),
    ],
)
def test_a_lie_is_told(chain: LyingChain, lie: Any, message: str) -> None:
    chain.lie = lie
    with pytest.raises(ChainError, match=message):
        read(chain)


def test_events_of_a_block_that_was_replaced_are_told(chain: LyingChain) -> None:
    old = chain.logs([ECHO], 0, 99)
    chain.rewind(0)
    chain.mine(10)
    chain.lie = lambda logs: old
    with pytest.raises(ChainError, match="names block"):
        read(chain)


def test_a_transaction_in_another_block_is_told(chain: LyingChain) -> None:
    chain.place = {"blockHash": "0x" + "66" * 32}
    with pytest.raises(ChainError, match="two different blocks"):
        SenderBook(chain).attribute(read(chain))


def test_what_nobody_signed_has_no_sender(chain: LyingChain) -> None:
    book, logs = SenderBook(chain), read(chain)
    assert [type(found) for found in book.attribute(logs)] == [ForgedSender] * 3
    assert book.attribute(logs)[0].message.endswith("carries no signature")  # type: ignore[union-attr]


def test_what_is_of_an_unknown_type_has_no_sender(chain: LyingChain) -> None:
    """One such transaction must not stop the reading of the others."""
    chain.place = {"type": "0x5"}
    assert [type(found) for found in SenderBook(chain).attribute(read(chain))] == [UnknownType] * 3


def test_an_empty_range_reads_nothing(chain: LyingChain) -> None:
    assert list(read_logs(chain, [ECHO], 5, 4)) == []
