"""One suite for every chain behind the port: the fake, Anvil and Ganache."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from chain_nodes import AccountSigner, anvil, fund, ganache, place_echo

from orchestrator.chain.connection import Connection
from orchestrator.chain.logs import SenderBook, read_logs
from orchestrator.chain.memory import MemoryChain, echo
from orchestrator.chain.port import ChainPort
from orchestrator.chain.proxy import Call
from orchestrator.chain.sender import TransactionSender
from orchestrator.errors import ChainError, TransactionReverted
from orchestrator.types import Address, Digest

TOPIC = Digest("0x" + "17" * 32)
OTHER = Digest("0x" + "18" * 32)


class World:
    """A chain with an echo contract and a funded account."""

    def __init__(self, chain: ChainPort, echo_at: Address, snapshot: Callable[[], Callable[[], None]]) -> None:
        self.chain = chain
        self.echo = echo_at
        self.snapshot = snapshot
        self.signer = AccountSigner()
        if isinstance(chain, Connection):
            fund(chain, self.signer.address)
        self.sender = TransactionSender(chain, self.signer, timeout=20, poll=0.02)

    def call(self, data: bytes) -> Call:
        return Call("Echo.say", self.chain.chain_id, self.echo, data, "anyone")

    def say(self, text: bytes, topic: Digest = TOPIC) -> Call:
        return self.call(bytes.fromhex(topic[2:]) + text)


@pytest.fixture(scope="module", params=["memory", "anvil", "ganache"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if request.param == "memory":
        address = Address("0x" + "ec" * 20)
        memory = MemoryChain(contracts={address: echo})

        def snapshot() -> Callable[[], None]:
            number = memory.block_number()
            return lambda: memory.rewind(number)

        yield World(memory, address, snapshot)
        return
    node = anvil() if request.param == "anvil" else ganache(tmp_path_factory.mktemp("ganache"))
    with node as chain:

        def take() -> Callable[[], None]:
            mark = chain.request("evm_snapshot", [])

            def back() -> None:
                assert chain.request("evm_revert", [mark])

            return back

        yield World(chain, place_echo(chain), take)


def test_blocks_are_linked(world: World) -> None:
    world.sender.send(world.say(b"a"))
    head = world.chain.block_number()
    before, last = world.chain.blocks([head - 1, head])
    assert (before.number, last.number) == (head - 1, head)
    assert last.parent_hash == before.hash
    assert last.timestamp >= before.timestamp
    assert world.chain.block(head) == last


def test_a_block_that_is_not_there_is_an_error(world: World) -> None:
    with pytest.raises(ChainError, match="has no block"):
        world.chain.block(world.chain.block_number() + 1)


def test_an_event_comes_back_with_its_place(world: World) -> None:
    receipt = world.sender.send(world.say(b"hello"))
    (log,) = world.chain.logs([world.echo], receipt.block, receipt.block)
    assert (log.address, log.topics, log.data) == (world.echo, (TOPIC,), b"hello")
    assert (log.transaction, log.block, log.block_hash) == (receipt.transaction, receipt.block, receipt.block_hash)
    assert receipt.logs == (log,)
    assert world.chain.block(receipt.block).hash == log.block_hash


def test_logs_are_chosen_by_topic_range_and_address(world: World) -> None:
    first = world.sender.send(world.say(b"1", TOPIC)).block
    last = world.sender.send(world.say(b"2", OTHER)).block
    assert [log.data for log in world.chain.logs([world.echo], first, last)] == [b"1", b"2"]
    assert [log.data for log in world.chain.logs([world.echo], first, last, [OTHER])] == [b"2"]
    assert [log.data for log in world.chain.logs([world.echo], first, last, [OTHER, TOPIC])] == [b"1", b"2"]
    assert [log.data for log in world.chain.logs([world.echo], last, last)] == [b"2"]
    assert world.chain.logs([Address("0x" + "01" * 20)], first, last) == []


def test_chunks_join_without_gap_or_double(world: World) -> None:
    first = world.chain.block_number() + 1
    for number in range(5):
        world.sender.send(world.say(bytes([number])))
    head = world.chain.block_number()
    for chunk in (1, 2, 3, 100):
        parts = list(read_logs(world.chain, [world.echo], first, head, chunk=chunk))
        assert [log.data[0] for part in parts for log in part] == [0, 1, 2, 3, 4]


def test_reading_past_the_head_is_an_error(world: World) -> None:
    head = world.chain.block_number()
    with pytest.raises(ChainError, match="was asked for"):
        list(read_logs(world.chain, [world.echo], 0, head + 1))


def test_the_sender_recovers_from_the_signature(world: World) -> None:
    receipt = world.sender.send(world.say(b"signed"))
    assert SenderBook(world.chain).attribute(receipt.logs) == [world.signer.address]


def test_an_unknown_transaction_is_an_error(world: World) -> None:
    with pytest.raises(ChainError, match="does not know"):
        world.chain.transactions([Digest("0x" + "77" * 32)])
    assert world.chain.receipt(Digest("0x" + "77" * 32)) is None


def test_a_read_returns_or_refuses(world: World) -> None:
    assert world.chain.call(world.echo, bytes(32) + b"answer") == b"answer"
    with pytest.raises(ChainError, match="refused"):
        world.sender.send(world.call(b"\xff" + b"\x12\x34\x56\x78"))


def test_a_refusal_is_told_before_anything_is_sent(world: World) -> None:
    nonce = world.chain.transaction_count(world.signer.address)
    words = b"\x08\xc3\x79\xa0" + (32).to_bytes(32, "big") + (4).to_bytes(32, "big") + b"nope".ljust(32, b"\0")
    with pytest.raises(TransactionReverted, match=r"Echo\.say was refused by the contract: nope"):
        world.sender.send(world.call(b"\xff" + words))
    assert world.chain.transaction_count(world.signer.address) == nonce


def test_a_second_broadcast_changes_nothing(world: World) -> None:
    signed = world.sender.prepare(world.say(b"once"))
    world.sender.broadcast(signed)
    receipt = world.sender.wait(signed)
    world.sender.broadcast(signed)
    assert world.chain.receipt(signed.hash) == receipt


def test_a_used_nonce_is_told(world: World) -> None:
    one, two = world.sender.prepare(world.say(b"one")), world.sender.prepare(world.say(b"two"))
    assert one.nonce == two.nonce
    world.sender.broadcast(one)
    world.sender.wait(one)
    with pytest.raises(ChainError, match=f"nonce {one.nonce} .* was used by another transaction"):
        world.sender.broadcast(two)
    assert world.sender.send(world.say(b"three")).succeeded


def test_usage_counts_what_was_mined(world: World) -> None:
    before = world.sender.usage
    receipt = world.sender.send(world.say(b"counted"))
    after = world.sender.usage
    assert after.transactions == before.transactions + 1
    assert after.gas_used == before.gas_used + receipt.gas_used


def test_code_and_balance(world: World) -> None:
    assert world.chain.code(world.echo)
    assert world.chain.code(world.signer.address) == b""
    assert world.chain.balance(Address("0x" + "02" * 20)) == 0


def test_a_rewritten_chain_has_other_hashes(world: World) -> None:
    back = world.snapshot()
    old = world.sender.send(world.say(b"old"))
    back()
    assert world.chain.receipt(old.transaction) is None
    new = world.sender.send(world.say(b"new, and longer"))
    assert new.block == old.block
    assert new.block_hash != old.block_hash
    assert world.chain.block(new.block).hash == new.block_hash
