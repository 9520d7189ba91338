"""The outbox before real nodes: what a mempool loses, what is too cheap, and a home that is started again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from chain_nodes import AccountSigner, anvil, fund, ganache, place_echo

from orchestrator.chain.action import acting
from orchestrator.chain.connection import Connection
from orchestrator.chain.fees import FeePolicy
from orchestrator.chain.outbox import Account, Entry, SqliteOutbox, Status
from orchestrator.chain.port import Block
from orchestrator.chain.proxy import Call
from orchestrator.chain.sender import TransactionSender
from orchestrator.errors import ChainError
from orchestrator.types import Address, Digest


class Lossy(Connection):
    """A connection in front of trouble.

    Attributes:
        swallow: transactions are taken and forgotten. die: the process ends before one is handed over.
        hurrying: the chain seems to make blocks without taking anything.
    """

    swallow = die = hurrying = False
    _ahead = 0

    def block_number(self) -> int:
        self._ahead = self._ahead + 2 if self.hurrying else 0
        return super().block_number() + self._ahead

    def block(self, number: int) -> Block:
        return super().block(min(number, super().block_number()))

    def send_raw(self, raw: bytes) -> Digest:
        if self.die:
            raise KeyboardInterrupt
        if self.swallow:
            return Digest("0x" + "00" * 32)
        return super().send_raw(raw)


@dataclass
class Home:
    """A home before a node, which can be started again at any time."""

    node: Lossy
    kind: str
    echo: Address
    folder: Path
    signer: AccountSigner = field(default_factory=AccountSigner)

    def __post_init__(self) -> None:
        fund(self.node, self.signer.address)

    @property
    def outbox(self) -> SqliteOutbox:
        return SqliteOutbox(self.folder / "outbox.sqlite")

    def sender(self, timeout: float = 20.0, **policy: Any) -> TransactionSender:
        fees = FeePolicy(**policy)
        return TransactionSender(self.node, self.signer, timeout=timeout, poll=0.02, outbox=self.outbox, fees=fees)

    def send(self, text: bytes, action: str = "act/1", by: TransactionSender | None = None) -> Digest:
        with acting(action):
            data = bytes(32) + text
            return (
                (by or self.sender()).send(Call("Echo.say", self.node.chain_id, self.echo, data, "anyone")).transaction
            )

    def entries(self) -> tuple[Entry, ...]:
        return self.outbox.since(Account(self.node.chain_id, self.signer.address), 0)

    def said(self) -> list[bytes]:
        logs = self.node.logs([self.echo], 0, self.node.block_number())
        senders = {
            fields["hash"]: fields["from"] for fields in self.node.transactions([log.transaction for log in logs])
        }
        return [log.data for log in logs if senders[log.transaction].lower() == self.signer.address]

    def stop_mining(self) -> None:
        if self.kind == "anvil":
            self.node.request("evm_setAutomine", [False])
        else:
            self.node.request("miner_stop", [])

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.node.request("evm_mine", [])

    def go_on(self) -> None:
        if self.kind == "anvil":
            self.node.request("evm_setAutomine", [True])
            self.mine()
        else:
            self.mine()  # Ganache forgets the logs of what was replaced if it is started before
            self.node.request("miner_start", [])

    def by_hand(self, text: bytes, sender: TransactionSender) -> None:
        sender.send(Call("Echo.say", self.node.chain_id, self.echo, bytes(32) + text, "anyone"))

    def waiting(self) -> int:
        return self.node.transaction_count(self.signer.address) - self.node.mined_count(self.signer.address)


@pytest.fixture(scope="module", params=["anvil", "ganache"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Lossy, str, Address]]:
    node = anvil() if request.param == "anvil" else ganache(tmp_path_factory.mktemp("ganache"))
    with node as chain:
        yield Lossy(chain.url, chain.chain_id), request.param, place_echo(chain)


@pytest.fixture
def home(place: tuple[Lossy, str, Address], tmp_path: Path) -> Iterator[Home]:
    node, kind, echo = place
    made = Home(node, kind, echo, tmp_path)
    yield made
    node.swallow = node.die = node.hurrying = False
    made.go_on()


def test_an_action_is_sent_once_by_homes_that_start_again(home: Home) -> None:
    first = home.send(b"once")
    assert home.send(b"twice") == first
    assert home.said() == [b"once"]


def test_the_process_ends_between_store_and_broadcast(home: Home) -> None:
    home.node.die = True
    with pytest.raises(KeyboardInterrupt):
        home.send(b"stored")
    home.node.die = False
    assert [entry.status for entry in home.entries()] == [Status.PENDING]
    assert home.said() == []
    home.send(b"another", "act/2")
    home.send(b"again", "act/1")
    assert home.said() == [b"stored", b"another"]


def test_one_that_the_node_forgot_is_broadcast_again(home: Home) -> None:
    home.node.swallow = True
    with pytest.raises(ChainError, match="was not mined"):
        home.send(b"forgotten", by=home.sender(timeout=0.3))
    home.node.swallow = False
    assert home.waiting() == 0
    hash_ = home.entries()[0].hash
    assert home.send(b"again") == hash_
    assert home.said() == [b"forgotten"]


def test_one_that_is_forgotten_while_it_is_waited_for_comes_back(home: Home) -> None:
    sender = home.sender(resend_seconds=0.5)
    home.node.swallow = True
    receipt = home.node.receipt

    def later(hash_: Digest) -> Any:
        home.node.swallow = bool(home.node.swallow and len(asked) < 10)
        asked.append(hash_)
        return receipt(hash_)

    asked: list[Digest] = []
    home.node.receipt = later  # type: ignore[method-assign]
    try:
        home.send(b"back", by=sender)
    finally:
        del home.node.receipt
    assert home.said() == [b"back"]
    assert len(home.entries()) == 1


def test_one_that_the_pool_dropped_or_still_has_is_sent_the_same(home: Home) -> None:
    home.stop_mining()
    with pytest.raises(ChainError, match="was not mined"):
        home.send(b"waits", by=home.sender(timeout=0.3))
    if home.kind == "anvil":  # Ganache neither drops one nor counts those that wait
        assert home.waiting() == 1
        home.node.request("anvil_dropTransaction", [home.entries()[0].hash])
        assert home.waiting() == 0
    home.go_on()
    assert home.send(b"again") == home.entries()[0].hash
    assert home.said() == [b"waits"]


def test_a_higher_price_replaces_and_one_of_them_is_mined(home: Home) -> None:
    """The node makes blocks without it, as where the base fee rose above its price."""
    home.send(b"first", "act/0")
    home.stop_mining()
    home.node.hurrying = True
    with pytest.raises(ChainError, match="was not mined"):
        home.send(b"dear", by=home.sender(timeout=1.5))
    home.node.hurrying = False
    entries = home.entries()[1:]
    assert len(entries) > 1
    assert {entry.nonce for entry in entries} == {1}
    prices = [entry.fields["maxFeePerGas"] for entry in entries]
    assert all(later * 1000 >= sooner * 1125 for sooner, later in pairwise(prices))
    home.go_on()
    mined = home.send(b"again")
    assert mined == entries[-1].hash
    assert home.said() == [b"first", b"dear"]
    assert [entry.status for entry in home.entries()[1:]] == [Status.REPLACED] * (len(entries) - 1) + [Status.MINED]


def test_the_first_of_an_account_is_mined_once_however_often_it_is_tried(home: Home) -> None:
    """Ganache takes nonce 0 for none, and mines such a transaction again each time it gets it."""
    home.stop_mining()
    home.node.hurrying = True
    for _ in range(3):
        with pytest.raises(ChainError, match="was not mined"):
            home.send(b"zero", by=home.sender(timeout=0.5, resend_seconds=0.1))
    home.node.hurrying = False
    home.go_on()
    home.send(b"zero")
    home.send(b"next", "act/2")
    assert home.said() == [b"zero", b"next"]
    assert home.node.mined_count(home.signer.address) == 2


def test_a_base_fee_that_rose_is_followed(home: Home) -> None:
    if home.kind != "anvil":
        home.send(b"Ganache sets no base fee")
        return
    home.stop_mining()
    sender = home.sender(timeout=20.0, bump_blocks=2, cap=10**13)
    with pytest.raises(ChainError, match="was not mined"):
        home.send(b"cheap", by=home.sender(timeout=0.2))
    offered = home.entries()[0].fields["maxFeePerGas"]
    receipt = home.node.receipt

    def mining(hash_: Digest) -> Any:
        if len(home.entries()) == 1:
            home.node.request("anvil_setNextBlockBaseFeePerGas", [hex(offered * 2)])
        home.mine()
        return receipt(hash_)

    home.node.receipt = mining  # type: ignore[method-assign]
    try:
        home.send(b"again", by=sender)
    finally:
        del home.node.receipt
    assert home.said() == [b"cheap"]
    assert len(home.entries()) == 2
    assert home.entries()[1].fields["maxFeePerGas"] >= offered * 2


def test_a_chain_that_came_back_with_an_older_state_gets_its_transactions_again(home: Home) -> None:
    mark = home.node.request("evm_snapshot", [])
    sent = [home.send(text, f"act/{text.decode()}") for text in (b"a", b"b")]
    assert home.node.request("evm_revert", [mark])
    assert home.said() == []
    home.send(b"c", "act/c")
    assert home.said() == [b"a", b"b", b"c"]
    assert home.send(b"x", "act/b") == sent[1]


def test_a_stranger_with_the_same_key_is_stepped_round(home: Home) -> None:
    stranger = TransactionSender(home.node, home.signer, timeout=20, poll=0.02)
    stranger.send(Call("Echo.say", home.node.chain_id, home.echo, bytes(32) + b"strange", "anyone"))
    home.send(b"own")
    assert home.said() == [b"strange", b"own"]


def test_a_verb_beside_a_daemon_takes_a_nonce_of_its_own(home: Home) -> None:
    """Ganache does not count the transactions that wait, so only the outbox knows of them."""
    home.stop_mining()
    with pytest.raises(ChainError, match="was not mined"):
        home.by_hand(b"verb", home.sender(timeout=0.3))
    with pytest.raises(ChainError, match="was not mined"):
        home.send(b"daemon", by=home.sender(timeout=0.3))
    assert [entry.nonce for entry in home.entries()] == [0, 1]
    home.go_on()
    home.send(b"daemon")
    assert home.said() == [b"verb", b"daemon"]


@pytest.mark.parametrize("times", [3])
def test_two_homes_processes_share_the_nonces(home: Home, times: int) -> None:
    one, two = home.sender(), home.sender()
    for number in range(times):
        home.send(b"1", f"one/{number}", one)
        home.send(b"2", f"two/{number}", two)
    assert home.said() == [b"1", b"2"] * times
