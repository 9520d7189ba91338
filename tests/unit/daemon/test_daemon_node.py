"""The loop: told, decided, begun; and what holds effects back."""

from __future__ import annotations

import logging
import threading
import time

import pytest
from unit.daemon.consortium import Consortium
from unit.daemon.lone_node import lone
from unit.ledger.actors import AURORA

from orchestrator.daemon.alarms import PRIVATE_CHAIN_REWRITTEN
from orchestrator.daemon.gate import Approvals, Gate, Mode
from orchestrator.daemon.listener import Behind
from orchestrator.protocol.rules_rounds import PREKEYS_KEPT


def test_a_node_lives_through_a_round(life: Consortium) -> None:
    """The heavy lane is real: a tick never waits for it."""
    node, _ = lone(life)
    life.open_round()
    closed = threading.Event()
    for _ in range(400):
        life.step()
        life.private_chain.mine(max(life.history.block - life.private_chain.block_number(), 0))
        node.tick()
        if life.history.state.rounds[1].ended is not None and 1 in life.heads and not node._executor.busy:
            break
        closed.wait(0.002)
        life._since = life.history.block  # deadlines of the simulation wait for the lane
    node._executor.close()
    assert life.history.state.rounds[1].closed_block is not None
    assert AURORA in life.history.state.rounds[1].revealed
    assert node.state.ledger.rounds[1].closed_block is not None
    assert not node.state.failures


def test_records_are_kept_in_order_with_their_tree(life: Consortium) -> None:
    node, _ = lone(life)
    node.tick()
    services = life.services[AURORA]
    assert services.history.records == list(life.history.records)
    assert services.history.tree.size == len(life.history.records)
    assert node.state.ledger == life.history.state


def test_awards_that_are_ahead_of_the_private_chain_wait(life: Consortium) -> None:
    node, _ = lone(life)
    node.tick()
    with pytest.raises(Behind, match=r"awards of checkpoint 1, the private one is not that far"):
        node._following._own_awards(1)
    life.public.append((1, 9))
    assert node.tick(), "what does not need them goes on"
    assert not node.state.claimable


def test_own_awards_are_those_of_own_updates(life: Consortium) -> None:
    life.open_round()
    life.settle()
    listed = life.now().own_awards[1]
    node, _ = lone(life)
    node.tick()
    assert node._following._own_awards(1) == listed
    assert len(listed) <= 1


def test_prekeys_of_a_thief_are_taken_back_before_a_round_is_sealed_to_them(life: Consortium) -> None:
    """Whoever has the delegate's key discards the member's prekeys and publishes its own in its name."""
    node, _ = lone(life)
    life.history.discard_prekeys(AURORA)
    life.history.publish_prekeys(AURORA, 4)
    theirs = {item.digest for item in life.history.state.prekeys[AURORA].values() if item.unused}
    for _ in range(3):
        life.step()
        node.tick()
    unused = {item.digest for item in life.history.state.prekeys[AURORA].values() if item.unused}
    assert len(unused) == PREKEYS_KEPT and not unused & theirs
    assert unused <= set(life.keystores[AURORA].prekeys())
    life.open_round()
    assert life.keystores[AURORA].prekey_private(life.history.state.rounds[1].recipients[AURORA].digest)
    node._executor.close()


def test_prekeys_that_a_backup_does_not_hold_are_taken_back(life: Consortium) -> None:
    before = [item.digest for item in life.history.state.prekeys[AURORA].values()]
    life.keystores[AURORA].destroy_prekeys(before[:1])
    node, _ = lone(life)
    for _ in range(3):
        life.step()
        node.tick()
    unused = [item for item in life.history.state.prekeys[AURORA].values() if item.unused]
    assert len(unused) == PREKEYS_KEPT and not {item.digest for item in unused} & set(before)
    node._executor.close()


def test_a_thief_who_stays_is_told_of_once_each_time(life: Consortium, caplog: pytest.LogCaptureFixture) -> None:
    """So is a second daemon of the same organisation: taking prekeys back ends neither, and each time is later."""
    node, _ = lone(life)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            life.history.publish_prekeys(AURORA, 1)
            for _ in range(10):
                life.step()
                node.tick()
    told = [record.getMessage() for record in caplog.records if "in a row" in record.getMessage()]
    assert [text.split(" in a row")[0] for text in told] == ["prekeys of aurora were taken back 2 times"]
    assert "does a second daemon of it run" in told[0]
    node._executor.close()


# -- what holds effects back


def test_what_waits_for_the_operator_is_shown_and_asked_for_again(life: Consortium) -> None:
    words = [Approvals()]
    node, _ = lone(life, gate=Gate(Mode.OVERSIGHT), approvals=lambda: words[0])
    life.open_round()
    for _ in range(30):
        node.tick()
        if node.waiting:
            break
        life.step()
        time.sleep(0.01)
    assert [effect.id for effect in node.waiting] == ["submit/1"]
    assert "submit/1" not in node.state.in_flight and not life.history.state.updates
    node.tick()
    assert [effect.id for effect in node.waiting] == ["submit/1"], "it is wanted as long as it may be"
    words[0] = Approvals(approved=frozenset({"submit/1"}))
    node.tick()
    assert node.waiting == () and any(item.organisation == AURORA for item in life.history.state.updates.values())
    node._executor.close()


def test_nothing_is_sent_while_the_private_chain_is_another(life: Consortium) -> None:
    """What needs no signature goes on: training and sealing do."""
    node, _ = lone(life)
    services = life.services[AURORA]
    services.journal.raise_alarm(PRIVATE_CHAIN_REWRITTEN, "the private chain is another")
    number = life.open_round()
    for _ in range(100):
        node.tick()
        if "train/1" in node.state.done:
            break
        time.sleep(0.01)
    node.tick()
    assert services.private_sender.calls == [] and "train/1" in node.state.done  # type: ignore[attr-defined]
    node._health = node._seen(caught_up=True)
    health = node.health()
    assert not health.ready and [alarm.name for alarm in health.alarms] == [PRIVATE_CHAIN_REWRITTEN]
    assert services.results.of_round("sealed", number)
    services.journal.clear_alarm(PRIVATE_CHAIN_REWRITTEN)
    node.tick()
    assert any(item.organisation == AURORA for item in life.history.state.updates.values())
    node._executor.close()


def test_a_restarted_node_repeats_no_local_work(life: Consortium) -> None:
    node, _ = lone(life)
    life.open_round()
    for _ in range(40):
        node.tick()
        time.sleep(0.01)
        if "train/1" in node.state.done:
            break
    node._executor.close()
    asked = life.benches[AURORA].asked.count("train")
    node, _ = lone(life)
    assert "train/1" in node.state.done
    node.tick()
    assert life.benches[AURORA].asked.count("train") == asked == 1
    assert any(item.organisation == AURORA for item in life.history.state.updates.values())
    node._executor.close()
