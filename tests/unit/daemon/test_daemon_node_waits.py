"""Chains, IPFS and disks that fail: waited for, told, and no reason to end."""

from __future__ import annotations

import errno
import time
from pathlib import Path
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.daemon.lone_node import lone, run, status
from unit.ledger.actors import AURORA

from orchestrator.daemon import node as module
from orchestrator.daemon import surroundings
from orchestrator.daemon.alarms import CHAIN_SILENT, DISK_NOT_WRITABLE, STORAGE_SILENT
from orchestrator.errors import ChainError, DiskError, KeystoreError, ProtocolError, StorageError


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
