"""A go over a range of blocks: several readers, one question; and nothing is believed for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.chain.glimpse import Glimpse
from orchestrator.chain.logs import read_logs
from orchestrator.chain.port import Block, RawLog
from orchestrator.errors import ChainError
from orchestrator.ledger.canonical import sha256
from orchestrator.types import Address, Digest

ONE, OTHER, STRANGE = (Address("0x" + f"{place:040x}") for place in (1, 2, 3))
RED, BLUE = sha256(b"red"), sha256(b"blue")


def log(address: Address, topic: Digest, block: int, index: int) -> RawLog:
    return RawLog(address, (topic,), b"", block, hash_of(block), sha256(b"%d" % block), index)


def hash_of(block: int) -> Digest:
    return sha256(b"block %d" % block)


class Counting:
    """A node that tells what it is told to tell, and counts how often it is asked."""

    chain_id = 7

    def __init__(self, logs: Sequence[RawLog]) -> None:
        self.found = list(logs)
        self.asked: list[str] = []

    def block_number(self) -> int:
        self.asked.append("head")
        return 9

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        self.asked.append("blocks")
        return [Block(number, hash_of(number), hash_of(number - 1), 0, None) for number in numbers]

    def logs(
        self, addresses: Sequence[Address], from_block: int, to_block: int, topics: Sequence[Digest] = ()
    ) -> list[RawLog]:
        self.asked.append("logs")
        return self.found

    def transactions(self, hashes: Sequence[Digest]) -> list[Mapping[str, Any]]:
        self.asked.append("transactions")
        return [{"hash": hash_, "blockHash": hash_of(3)} for hash_ in hashes]


LOGS = [log(ONE, RED, 3, 0), log(OTHER, BLUE, 3, 1), log(ONE, BLUE, 4, 0)]


def read(chain: Glimpse, addresses: Sequence[Address], topics: Sequence[Digest] = ()) -> list[RawLog]:
    return [item for chunk in read_logs(chain, addresses, 2, 5, topics) for item in chunk]


def test_each_reader_gets_its_own_and_the_node_is_asked_once() -> None:
    node = Counting(LOGS)
    chain = Glimpse(node, [ONE, OTHER], 9)
    assert read(chain, [ONE, OTHER]) == LOGS
    assert read(chain, [OTHER]) == [LOGS[1]]
    assert read(chain, [ONE], [BLUE]) == [LOGS[2]]
    assert node.asked == ["logs", "blocks"]


def test_senders_are_asked_for_once() -> None:
    node = Counting(LOGS)
    chain = Glimpse(node, [ONE, OTHER], 9)
    hashes = [item.transaction for item in LOGS[:2]]
    first = chain.transactions(hashes)
    assert chain.transactions(hashes) == first and [item["hash"] for item in first] == hashes
    assert node.asked == ["transactions"]


@pytest.mark.parametrize(
    "lie",
    [
        replace(LOGS[0], address=STRANGE, log_index=5),
        replace(LOGS[0], block=7, log_index=5),
        replace(LOGS[0], topics=(), log_index=5),
        replace(LOGS[0], block_hash=BLUE, log_index=5),
        LOGS[0],
    ],
)
def test_what_was_not_asked_for_is_refused_as_without_it(lie: RawLog) -> None:
    chain = Glimpse(Counting([*LOGS, lie]), [ONE, OTHER], 9)
    with pytest.raises(ChainError):
        read(chain, [ONE], [RED])


def test_a_range_beyond_the_head_is_refused() -> None:
    with pytest.raises(ChainError, match="has 4 blocks"):
        read(Glimpse(Counting(LOGS), [ONE], 4), [ONE])
