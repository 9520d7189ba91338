"""One suite for every outbox, and what the one on disk does about its disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.chain.outbox import Account, Entry, Outbox, Slot, SqliteOutbox, Status
from orchestrator.errors import DiskError, WrongChain
from orchestrator.types import Address, Digest
from tests.unit.chain.memory_outbox import MemoryOutbox

HERE, THERE = Account(1, Address("0x" + "aa" * 20)), Account(2, Address("0x" + "aa" * 20))
SUBMIT, RELEASE = Slot("submit/1", "RoundLedger.submitUpdate"), Slot("release/1", "RoundLedger.releaseUpdate")


def entry(slot: Slot, nonce: int, attempt: int = 0, mark: int = 0) -> Entry:
    hash_ = Digest(f"0x{hash((slot, nonce, attempt, mark)) % 16**60:064x}")
    return Entry(slot, attempt, nonce, hash_, bytes([mark]), {"nonce": nonce, "gas": 10**20})


@pytest.fixture(params=["memory", "sqlite"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Outbox]:
    """Opens the same outbox again each time."""
    memory = MemoryOutbox()
    return lambda: memory if request.param == "memory" else SqliteOutbox(tmp_path / "home" / "outbox.sqlite")


def test_what_was_added_is_found_by_its_slot(opened: Callable[[], Outbox]) -> None:
    one, two = entry(SUBMIT, 0), entry(RELEASE, 1)
    opened().add(HERE, one)
    opened().add(HERE, two)
    assert opened().newest(HERE, SUBMIT) == (one,)
    assert opened().newest(HERE, RELEASE) == (two,)
    assert opened().newest(HERE, Slot("submit/1", SUBMIT.call, 1)) == ()
    assert opened().newest(THERE, SUBMIT) == ()


def test_only_the_newest_attempt_is_given_with_all_its_prices(opened: Callable[[], Outbox]) -> None:
    rows = [entry(SUBMIT, 0), entry(SUBMIT, 0, mark=1), entry(SUBMIT, 3, attempt=1), entry(SUBMIT, 3, 1, mark=1)]
    for row in rows:
        opened().add(HERE, row)
    assert opened().newest(HERE, SUBMIT) == tuple(rows[2:])
    assert opened().since(HERE, 0) == tuple(rows)
    assert opened().since(HERE, 1) == tuple(rows[2:])
    assert opened().since(HERE, 4) == ()


def test_adding_again_changes_nothing(opened: Callable[[], Outbox]) -> None:
    row = entry(SUBMIT, 0)
    opened().add(HERE, row)
    opened().settle(row.hash, Status.MINED)
    opened().add(HERE, row)
    assert [found.status for found in opened().newest(HERE, SUBMIT)] == [Status.MINED]


def test_what_is_mined_replaces_the_others_of_its_attempt_only(opened: Callable[[], Outbox]) -> None:
    rows = [entry(SUBMIT, 0), entry(SUBMIT, 2, 1), entry(SUBMIT, 2, 1, mark=1), entry(RELEASE, 3)]
    for row in rows:
        opened().add(HERE, row)
    opened().settle(rows[0].hash, Status.FAILED)
    opened().settle(rows[1].hash, Status.MINED)
    found = [row.status for row in opened().since(HERE, 0)]
    assert found == [Status.FAILED, Status.MINED, Status.REPLACED, Status.PENDING]
    opened().settle(rows[2].hash, Status.MINED)  # a reorganisation mined the other one
    found = [row.status for row in opened().since(HERE, 0)]
    assert found == [Status.FAILED, Status.REPLACED, Status.MINED, Status.PENDING]


def test_another_chain_with_the_same_id_is_refused(opened: Callable[[], Outbox]) -> None:
    first, other = Digest("0x" + "11" * 32), Digest("0x" + "22" * 32)
    opened().bind(1, first)
    opened().bind(1, first)
    opened().bind(2, other)
    with pytest.raises(WrongChain, match="chain 1 began"):
        opened().bind(1, other)


def test_a_slot_is_forgotten_and_nothing_else(opened: Callable[[], Outbox]) -> None:
    for row in (entry(SUBMIT, 0), entry(SUBMIT, 0, mark=1), entry(RELEASE, 1)):
        opened().add(HERE, row)
        opened().add(THERE, replace(row, hash=Digest(row.hash.replace("0x0", "0x1"))))
    opened().forget(HERE, SUBMIT)
    assert [row.slot for row in opened().since(HERE, 0)] == [RELEASE]
    assert len(opened().since(THERE, 0)) == 3


def test_the_file_is_private(tmp_path: Path) -> None:
    box = SqliteOutbox(tmp_path / "outbox.sqlite")
    box.add(HERE, entry(SUBMIT, 0))
    assert stat.S_IMODE((tmp_path / "outbox.sqlite").stat().st_mode) == 0o600


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    path.write_bytes(b"no database" * 200)
    with pytest.raises(DiskError, match=r"outbox\.sqlite cannot be used"):
        SqliteOutbox(path).newest(HERE, SUBMIT)


def test_where_no_file_can_be_made_it_is_the_disks_fault(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(DiskError, match="cannot be used"):
        SqliteOutbox(tmp_path / "home" / "outbox.sqlite").add(HERE, entry(SUBMIT, 0))


def test_processes_add_at_once(tmp_path: Path) -> None:
    children = []
    for process in range(4):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for number in range(5):
                    SqliteOutbox(tmp_path / "outbox.sqlite").add(HERE, entry(SUBMIT, 5 * process + number))
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    assert [row.nonce for row in SqliteOutbox(tmp_path / "outbox.sqlite").since(HERE, 0)] == list(range(20))
