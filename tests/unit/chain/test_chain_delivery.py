"""What an outbox is for: an action sends once, whatever happens meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.chain.action import acting
from orchestrator.chain.delivery import DISPLACED_SECONDS, IN_FLIGHT
from orchestrator.chain.fees import FeePolicy
from orchestrator.chain.memory import Emitted, MemoryChain, Refusal, echo
from orchestrator.chain.outbox import Account, SqliteOutbox, Status
from orchestrator.chain.port import Receipt, RpcRefused
from orchestrator.chain.proxy import Call
from orchestrator.chain.sender import TransactionSender
from orchestrator.chain.submission import NonceTaken
from orchestrator.errors import ChainError, DiskError, TransactionReverted, WrongChain
from orchestrator.types import Address, Digest
from tests.unit.chain.lying_chain import Died
from tests.unit.chain.memory_outbox import MemoryOutbox
from tests.unit.chain.outbox_world import ECHO, SIGNER, World, say


@pytest.fixture
def world() -> World:
    return World(MemoryChain(contracts={ECHO: echo}, automine=False))


def test_an_action_sends_once_however_often_it_is_tried(world: World) -> None:
    first = world.send(say(b"one"))
    assert world.send(say(b"with another salt")) == first
    assert world.said == [b"one"]
    assert world.statuses == [Status.MINED]


def test_calls_of_an_action_are_told_apart_by_name_and_order(world: World) -> None:
    for _ in range(2):
        with acting("act/1"):
            home = world.start()
            for text in (b"a", b"b"):
                home.deliver(say(text), "act/1")
            home.deliver(Call("Echo.shout", 1337, ECHO, bytes(32) + b"c", "anyone"), "act/1")
    assert world.said == [b"a", b"b", b"c"]


def test_a_transaction_is_stored_before_the_network_knows_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(raw: bytes) -> Digest:
        raise Died

    monkeypatch.setattr(world.chain, "send_raw", die)
    with pytest.raises(Died):
        world.send(say(b"first words"))
    assert world.statuses == [Status.PENDING]
    monkeypatch.undo()
    world.send(say(b"other words"))
    assert world.said == [b"first words"]


def test_what_was_stored_and_never_broadcast_keeps_nobody_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(raw: bytes) -> Digest:
        raise Died

    monkeypatch.setattr(world.chain, "send_raw", die)
    with pytest.raises(Died):
        world.send(say(b"abandoned"), "act/1")
    monkeypatch.undo()
    world.send(say(b"another"), "act/2")
    assert world.said == [b"abandoned", b"another"]


def test_a_full_disk_sends_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise DiskError("no room")

    monkeypatch.setattr(MemoryOutbox, "add", full)
    with pytest.raises(DiskError):
        world.send(say())
    monkeypatch.undo()
    assert world.chain.transaction_count(SIGNER.address) == 0
    assert world.send(say()).succeeded


def test_one_that_waits_is_waited_for_and_not_sent_anew(world: World) -> None:
    world.mining = False
    with pytest.raises(ChainError, match=r"Echo\.say .* was not mined within 30 s"):
        world.send(say(b"late"))
    world.mining = True
    world.send(say(b"again"))
    assert world.said == [b"late"]


def test_one_that_was_dropped_is_broadcast_again_the_same_bytes(world: World) -> None:
    world.mining = False
    with pytest.raises(ChainError):
        world.send(say(b"dropped"))
    (hash_,) = world.chain._waiting
    world.chain.drop(hash_)
    world.mining = True
    assert world.send(say(b"again")).transaction == hash_


def test_one_that_is_dropped_while_waited_for_comes_back_after_a_minute(world: World) -> None:
    world.mining, home = False, world.start()
    home.timeout = 200.0

    def at_times() -> None:
        if world.time == 10.0:
            world.chain._waiting.clear()
        world.mining = world.time >= 12.0

    world.waits = at_times
    world.policy = FeePolicy(bump_blocks=10**6)
    home.policy = world.policy
    assert world.send(say(b"back"), by=home).succeeded
    assert 60 < world.time < 70
    assert len(world.statuses) == 1


def test_only_one_that_failed_on_the_chain_makes_room(world: World) -> None:
    def late(sender: Address, data: bytes) -> Emitted:
        if world.time > 1.0:
            raise Refusal(b"")
        return []

    world.chain.contracts[ECHO] = late
    assert not world.send(say(b"refused")).succeeded
    world.chain.contracts[ECHO] = echo
    assert world.send(say(b"taken")).succeeded
    assert world.statuses == [Status.FAILED, Status.MINED]
    assert world.said == [b"taken"]


def test_a_refusal_beforehand_stores_nothing(world: World) -> None:
    with pytest.raises(TransactionReverted):
        world.send(Call("Echo.say", 1337, ECHO, b"\xff", "anyone"))
    assert world.statuses == []


def test_what_a_reorganisation_took_away_is_sent_again_in_its_order(world: World) -> None:
    before = [world.send(say(text), f"act/{text.decode()}").transaction for text in (b"a", b"b", b"c")]
    world.chain.rewind(1)
    world.chain._waiting.clear()
    assert world.said == [b"a"]
    world.send(say(b"d"), "act/d")
    assert world.said == [b"a", b"b", b"c", b"d"]
    assert world.send(say(b"x"), "act/b").transaction == before[1]


def test_more_is_offered_where_blocks_go_by_without_it(world: World) -> None:
    world.chain.price = 4 * 10**9  # it offers 3 gwei: twice the base fee, and 1
    assert world.send(say(b"dear")).succeeded
    offers = [entry.fields["maxFeePerGas"] for _, entry in world.outbox.rows.values()]  # type: ignore[attr-defined]
    assert offers == [3_000_000_000, 3_600_000_000, 4_320_000_000]
    assert world.statuses == [Status.REPLACED, Status.REPLACED, Status.MINED]
    assert world.said == [b"dear"]


def test_no_more_is_offered_than_the_cap(world: World) -> None:
    world.policy, world.chain.price = FeePolicy(cap=4 * 10**9), 10**10
    with pytest.raises(ChainError, match="not mined"):
        world.send(say())
    offers = [entry.fields["maxFeePerGas"] for _, entry in world.outbox.rows.values()]  # type: ignore[attr-defined]
    assert offers == [3_000_000_000, 3_600_000_000]
    world.chain.price = 0
    assert world.send(say()).succeeded
    assert len(world.said) == 1


def test_an_earlier_price_may_still_be_the_one_that_is_mined(world: World) -> None:
    world.chain.price = 4 * 10**9

    def cheaper() -> None:
        if len(world.statuses) == 2:
            (dear,) = world.chain._waiting
            cheap = next(iter(world.outbox.rows.values()))[1]  # type: ignore[attr-defined]
            world.chain.drop(dear)
            world.chain.price = 0
            if world.chain.receipt(cheap.hash) is None:
                world.chain.send_raw(cheap.raw)

    world.waits = cheaper
    world.send(say(b"cheap"))
    assert world.statuses == [Status.MINED, Status.REPLACED]
    assert world.send(say(b"again")).succeeded
    assert world.said == [b"cheap"]


def test_what_waits_by_hand_keeps_its_nonce_where_the_node_counts_none_that_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.chain, "transaction_count", world.chain.mined_count)
    world.mining = False
    home = world.start()
    home.timeout = 3.0
    with pytest.raises(ChainError, match="not mined"):
        home.deliver(say(b"by hand"), None)
    world.mining = True
    assert world.send(say(b"by a daemon"), by=home).succeeded
    assert world.said == [b"by hand", b"by a daemon"]


def test_more_is_offered_at_once_where_a_node_does_not_even_keep_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_raw, refused = world.chain.send_raw, "max fee per gas less than block base fee"

    def picky(raw: bytes) -> Digest:
        if len(world.statuses) < 3:
            raise RpcRefused(refused, rpc_message=refused)
        return send_raw(raw)

    monkeypatch.setattr(world.chain, "send_raw", picky)
    assert world.send(say(b"dear")).succeeded
    assert world.statuses == [Status.REPLACED, Status.REPLACED, Status.MINED]
    assert world.time < 5


def test_a_nonce_that_is_said_to_be_gone_is_not_given_up_at_once(world: World) -> None:
    world.mining = False
    with pytest.raises(ChainError, match="not mined"):
        world.send(say(b"mine"))
    (hash_,) = world.chain._waiting
    world.chain.drop(hash_)
    stranger = TransactionSender(world.chain, SIGNER, poll=0.01)
    stranger.broadcast(stranger.prepare(say(b"strange")))
    world.chain.mine()
    world.mining, home = True, world.start()
    started = world.time
    for _ in range(100):
        try:
            world.send(say(b"again"), by=home)
        except NonceTaken:
            break
        except ChainError:
            continue
    assert world.time - started >= DISPLACED_SECONDS
    assert world.statuses == [Status.DISPLACED]
    assert world.send(say(b"at last"), by=home).succeeded
    assert world.said == [b"strange", b"at last"]


def test_a_node_that_forgets_the_answer_to_nonce_too_low_is_found_out(world: World) -> None:
    class Forgetful(MemoryChain):
        def send_raw(self, raw: bytes) -> Digest:
            super().send_raw(raw)
            raise RpcRefused("nonce too low", rpc_message="nonce too low")

    world.chain = Forgetful(contracts={ECHO: echo}, automine=False)
    assert world.send(say(b"there")).succeeded
    assert world.said == [b"there"]


def test_a_nonce_that_a_node_made_up_does_not_hang_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.mining = False
    monkeypatch.setattr(world.chain, "transaction_count", lambda _: 3)
    with pytest.raises(ChainError, match="not mined"):
        world.send(say(b"too far"))
    monkeypatch.undo()
    world.mining = True
    assert world.send(say(b"again")).succeeded
    assert world.said == [b"too far"]
    assert world.chain.mined_count(SIGNER.address) == 4


def test_too_many_that_wait_are_not_made_more(world: World) -> None:
    world.mining = False
    home = world.start()
    home.timeout = 0.0
    for number in range(IN_FLIGHT):
        with pytest.raises(ChainError, match="not mined"):
            world.send(say(bytes([number])), f"act/{number}", by=home)
    with pytest.raises(ChainError, match=f"{IN_FLIGHT} transactions of .* wait on chain 1337"):
        world.send(say(b"more"), "act/more", by=home)
    world.chain.mine()
    world.mining, home.timeout = True, 30.0
    assert world.send(say(b"more"), "act/more", by=home).succeeded
    assert len(world.said) == IN_FLIGHT + 1


def test_a_home_in_front_of_another_chain_of_that_id_sends_nothing(world: World) -> None:
    world.send(say())
    world.chain = MemoryChain(contracts={ECHO: echo}, automine=False)
    world.chain._blocks[0] = replace(world.chain.block(0), hash=Digest("0x" + "99" * 32))
    with pytest.raises(WrongChain):
        world.send(say(b"again"))
    assert world.chain.transaction_count(SIGNER.address) == 0


def test_a_failure_that_contradicts_the_rest_makes_no_room(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.mining = False
    with pytest.raises(ChainError, match="not mined"):
        world.send(say(b"waits"))
    (hash_,) = world.chain._waiting
    forged = Receipt(hash_, 0, world.chain.block(0).hash, False, 1, ())
    monkeypatch.setattr(world.chain, "receipt", lambda _: forged)
    with pytest.raises(ChainError, match="contradicts itself"):
        world.send(say(b"again"))
    monkeypatch.undo()
    world.mining = True
    world.send(say(b"again"))
    assert world.said == [b"waits"]


def test_a_sender_takes_the_outbox_of_its_lock_and_counts_its_use(world: World, tmp_path: Path) -> None:
    world.chain.automine = True

    class Lock:
        outbox = SqliteOutbox(tmp_path / "outbox.sqlite")

        def __enter__(self) -> None:
            return None

        def __exit__(self, *exc: object) -> None:
            return None

    def sender() -> TransactionSender:
        return TransactionSender(world.chain, SIGNER, timeout=2.0, poll=0.01, lock=Lock())

    one = sender()
    for _ in range(2):
        with acting("act/1"):
            one.send(say(b"once"))
    with acting("act/1"):
        sender().send(say(b"once"))
    assert world.said == [b"once"]
    for _ in range(2):
        assert sender().send(say(b"by hand")).succeeded
    assert world.said == [b"once", b"by hand", b"by hand"]
    kept = Lock.outbox.since(Account(1337, SIGNER.address), 0)
    assert [entry.slot.action for entry in kept] == ["act/1"]


def test_what_is_sent_by_hand_leaves_the_nonces_of_what_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(raw: bytes) -> Digest:
        raise Died

    world.chain.automine = True
    sender = TransactionSender(world.chain, SIGNER, timeout=2.0, poll=0.01, outbox=world.outbox)
    with monkeypatch.context() as patch:
        patch.setattr(world.chain, "send_raw", die)
        with pytest.raises(Died), acting("act/1"):
            sender.send(say(b"kept"))
    again = TransactionSender(world.chain, SIGNER, timeout=2.0, poll=0.01, outbox=world.outbox)
    assert again.send(say(b"by hand")).succeeded
    assert world.said == [b"kept", b"by hand"]
    assert len(world.statuses) == 1  # what was sent by hand is forgotten once it is mined
