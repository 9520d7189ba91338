"""A node that refuses a transaction because of its fee or nonce: is something with that nonce on its way, or not?"""

from __future__ import annotations

import time
from typing import Any

import pytest

from orchestrator.chain.port import Block, Receipt, RpcRefused
from orchestrator.deployment.lane import Lane, Step
from orchestrator.deployment.limits import most_gas
from orchestrator.errors import ChainError, LoranchorError
from orchestrator.types import Digest

SENDER = "0x" + "56" * 20


class Account:
    address = SENDER

    asked: int | None = None

    def sign(self, transaction: Any) -> bytes:
        self.asked = transaction["gas"]
        return b"\x02signed"


class Node:
    """Refuses what is sent, with these words; ``counted`` transactions are mined, ``waiting`` more are on their way."""

    chain_id, url = 11155111, "http://127.0.0.1:1"

    def __init__(self, words: str, counted: int = 0, waiting: int = 0, *, gas: int = 100_000) -> None:
        self.words, self.counted, self.waiting, self.gas = words, counted, waiting, gas
        self.block_gas = 30_000_000
        self.gone: tuple[str, ...] = ()

    def block_number(self) -> int:
        return 7

    def block(self, number: int) -> Block:
        return Block(number, Digest("0x"), Digest("0x"), 0, 10**9)

    def estimate_gas(self, query: Any) -> int:
        return self.gas

    def send_raw(self, raw: bytes) -> Digest:
        raise RpcRefused("refused", rpc_message=self.words)

    def receipt(self, transaction: Digest) -> Receipt | None:
        return None

    def request(self, method: str, params: Any) -> Any:
        if method == "eth_getTransactionCount":
            return hex(self.counted + (self.waiting if params[1] == "pending" else 0))
        if method == "eth_getTransactionByHash":
            return None
        if method == "eth_getBlockByNumber" and params[0] in self.gone:
            return None
        if method == "eth_getBlockByNumber":
            return {"transactions": [], "gasLimit": hex(self.block_gas)}
        return "0x1"


def send(node: Any, patience: float) -> None:
    account: Any = Account()
    lane = Lane(node, account, patience=patience, poll=0.01)
    lane.carry_out([Step("Consortium", "0x" + "12" * 20, "0xfe")], 0, lambda _: None)


@pytest.mark.parametrize("words", ["transaction underpriced", "nonce too high", "known transaction"])
def test_what_the_node_has_not_taken_is_told_at_once(words: str) -> None:
    """geth's plain `transaction underpriced` says that the fee is below what it takes: to wait would be in vain."""
    begun = time.monotonic()
    with pytest.raises(ChainError, match=f"Consortium on chain 11155111 was refused by the node: {words}"):
        send(Node(words), 300.0)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(("counted", "waiting"), [(0, 1), (1, 0)])
def test_what_has_the_nonce_already_is_waited_for(counted: int, waiting: int) -> None:
    with pytest.raises(ChainError, match="is not mined after 0 seconds"):
        send(Node("replacement transaction underpriced", counted, waiting), 0.1)


def test_a_block_that_a_reorganisation_takes_back_meanwhile_is_no_error() -> None:
    node = Node("nonce too low", counted=1)
    node.gone = ("0x7",)
    with pytest.raises(ChainError, match="is not mined after 0 seconds"):
        send(node, 0.1)


@pytest.mark.parametrize(
    ("block_gas", "gas", "asked"),
    [
        (30_000_000, 2**24 + 1, None),  # EIP-7825
        (10_000_000, 10_000_001, None),
        (30_000_000, 16_000_000, 2**24),  # the margin is what fits
        (30_000_000, 1_000_000, 1_200_000),
    ],
)
def test_no_more_gas_is_asked_for_than_a_transaction_may_have(block_gas: int, gas: int, asked: int | None) -> None:
    node: Any = Node("out of work", gas=gas)
    node.block_gas = block_gas
    account: Any = Account()
    announced: list[Any] = []
    lane = Lane(node, account, most_gas=most_gas(node))
    says = "out of work" if asked else rf"Consortium on chain 11155111 needs {gas:,} gas, and one transaction may have"
    with pytest.raises(LoranchorError, match=says):
        lane.carry_out([Step("Consortium", "0x" + "12" * 20, "0xfe")], 0, announced.append)
    assert account.asked == asked and bool(announced) == bool(asked)
