"""The loop: told, decided, begun; and what it does while a chain is silent."""

from __future__ import annotations

import errno
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA

from orchestrator.daemon import node as module
from orchestrator.daemon import surroundings
from orchestrator.daemon.alarms import CHAIN_SILENT, DISK_NOT_WRITABLE, PRIVATE_CHAIN_REWRITTEN, STORAGE_SILENT
from orchestrator.daemon.cursor import Cursor
from orchestrator.daemon.gate import Approvals, Gate, Mode
from orchestrator.daemon.listener import Behind
from orchestrator.daemon.node import Node
from orchestrator.errors import ChainError, DiskError, KeystoreError, ProtocolError, StorageError
from orchestrator.protocol import events as ev
from orchestrator.protocol.rules_rounds import PREKEYS_KEPT


class Heard:
    """Stands where a Listener does: tells what the simulated chains have for the member.

    Attributes:
        fails: raised by the next calls, one each.
        branched: side and block of a reorganisation that is found next.
    """

    def __init__(self, life: Consortium) -> None:
        self.life, self.read, self.public = life, 0, 0
        self.fails: list[Exception] = []
        self.branched: dict[str, int] = {}
        self.events: list[ev.Event] = []
        self.cursors = {"private": Cursor(0), "public": Cursor(0)}
        self.passed_over: list[Any] = []

    private_head = public_head = 0

    def branches_off(self, side: str) -> int | None:
        return self.branched.pop(side, None)

    def roll_back(self, side: str, block: int) -> None:
        self.events = [
            fact for fact in self.events if not isinstance(fact, ev.RecordSeen) or fact.record.block <= block
        ]
        self.read = len([fact for fact in self.life.private if fact in self.events])
        self.public = 0

    def begin(self) -> None:
        self.events, self.read, self.public = [], 0, 0

    def told(self) -> list[ev.Event]:
        return self.events

    def cursor(self, side: str) -> Cursor:
        return self.cursors[side]

    def heads_of_nodes(self) -> dict[str, int]:
        return {"private": self.private_head, "public": self.public_head}

    def private_facts(self, ledger: Any) -> Iterator[ev.Event]:
        if self.fails:
            raise self.fails.pop(0)
        self.life.gather()
        fresh, self.read = self.life.private[self.read :], len(self.life.private)
        self.events += fresh
        yield from fresh

    def public_facts(self, own_awards: Callable[[int], tuple[int, ...]]) -> Iterator[ev.Event]:
        fresh = []
        for found in self.life.public[self.public :]:
            told = ev.AwardsPublishedSeen(*found, own_awards(found[0])) if isinstance(found, tuple) else found
            fresh.append(told)
        self.public += len(fresh)
        self.events += fresh
        yield from fresh

    def heads(self, ledger: Any) -> ev.BlockSeen:
        return self.life.block_seen()


def lone(life: Consortium, **how: Any) -> tuple[Node, Heard]:
    """Aurora's own node; the two others are simulated."""
    life.nodes.pop(AURORA, None)
    services = life.make_services(AURORA)
    life.services[AURORA] = services
    node, heard = Node(services, **how), Heard(life)
    node._following._listener = heard  # type: ignore[assignment]
    return node, heard


def status(life: Consortium) -> str:
    return str(json.loads((life.home / AURORA / "status.json").read_text())["stage"])


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


def run(node: Node, ticks: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Runs until that many ticks were tried."""
    stop, tried, honest = threading.Event(), [], node.tick

    def tick() -> None:
        tried.append(1)
        if len(tried) >= ticks:
            stop.set()
        honest()

    monkeypatch.setattr(node, "tick", tick)
    node.run(stop, tick=0.001)
    return len(tried)


@pytest.mark.parametrize("error", [ChainError("the node is down"), StorageError("IPFS is down")])
def test_a_silence_is_waited_for(life: Consortium, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    node, heard = lone(life)
    heard.fails = [error, error, error]
    assert run(node, 5, monkeypatch) == 5
    assert node.state.ledger == life.history.state, "nothing was lost by it"
    assert status(life) == "stopped"


@pytest.mark.parametrize(
    ("error", "name"), [(ChainError("the node is down"), CHAIN_SILENT), (StorageError("IPFS is down"), STORAGE_SILENT)]
)
def test_a_long_silence_is_an_alarm_and_nothing_more(
    life: Consortium, monkeypatch: pytest.MonkeyPatch, error: Exception, name: str
) -> None:
    """The daemon stays: its operator need not start it again when the chain comes back."""
    node, heard = lone(life)
    now = [1000.0]
    monkeypatch.setattr(surroundings.time, "time", lambda: now[0])
    heard.fails = [error, error]
    node._tried()
    assert not node.health().ready and node.health().reasons == (str(error),) and not node.health().alarms
    now[0] += surroundings.PATIENCE_SECONDS
    node._tried()
    assert [alarm.name for alarm in node.health().alarms] == [name]
    assert node.health().alarms[0].since == 1000.0
    node._tried()
    assert node.health().ready and not node.health().alarms and not node.health().reasons
    assert node.state.ledger == life.history.state
    node._executor.close()


def test_a_chain_that_contradicts_itself_ends_the_daemon(life: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    node, heard = lone(life)
    heard.fails = [ProtocolError("the private chain contradicts itself")]
    with pytest.raises(ProtocolError, match="contradicts"):
        run(node, 5, monkeypatch)


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
    assert "submit/1" not in node.state.in_flight and not life.history.state.updates.keys() & set("a")
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


# -- the own disk


def test_a_full_disk_stops_nothing_for_good(life: Consortium) -> None:
    """Not ready, one clear reason, nothing lost; and it goes on by itself once there is room."""
    node, _ = lone(life)
    life.open_round()
    node._tried()
    database = life.services[AURORA].journal._database
    database.execute("PRAGMA query_only=ON")
    for _ in range(5):
        life.step()
        node._tried()
    health = node.health()
    assert not health.ready and [alarm.name for alarm in health.alarms] == [DISK_NOT_WRITABLE]
    assert len(health.reasons) == 1 and "the disk cannot be written" in health.reasons[0]
    assert node.state.ledger == life.told(next(iter(life.nodes.values()))).ledger, "it listens on"
    database.execute("PRAGMA query_only=OFF")
    for _ in range(60):
        node._tried()
        time.sleep(0.01)
        if AURORA in {item.organisation for item in life.history.state.updates.values()}:
            break
    node._tried()
    assert node.health().ready, node.health()
    assert AURORA in {item.organisation for item in life.history.state.updates.values()}
    assert not node.state.failures, "a full disk is no attempt"
    node._executor.close()


def test_a_keystore_on_a_disk_that_cannot_be_written_is_waited_for(
    life: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged one ends the daemon; where only the disk is to blame, it goes on by itself."""
    node, _ = lone(life)
    life.open_round()

    def refused(*_: object) -> Any:
        raise KeystoreError("cannot open the lock") from OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as broken:
        broken.setattr(node._missing, "compared", refused)
        assert node._tried()
        assert [alarm.name for alarm in node.health().alarms] == [DISK_NOT_WRITABLE]
    assert node._tried() and node.health().ready
    with monkeypatch.context() as broken:
        broken.setattr(node._missing, "compared", lambda *_: life.keystores[AURORA].content_key("0x00"))
        with pytest.raises(KeystoreError, match="has no content key"):
            node._tried()
    node._executor.close()


def test_a_disk_that_refused_an_effect_is_tried_before_the_next(
    life: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, _ = lone(life)
    tried: list[Path] = []

    def probe(folder: Path) -> None:
        tried.append(folder)
        if len(tried) < 3:
            raise DiskError("the disk cannot be written: it is full")

    monkeypatch.setattr(module, "try_disk", probe)
    node._executor.disk = DiskError("the disk cannot be written: it is full")
    for _ in range(2):
        node._tried()
        assert not node.health().ready and not node.state.in_flight
    node._tried()
    assert node.health().ready and tried == [life.services[AURORA].home] * 3
    node._executor.close()
