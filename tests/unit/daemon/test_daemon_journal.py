"""What the journal keeps: across processes, through faults of the disk, and for one pair of chains alone."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.daemon import journal_file as module
from orchestrator.daemon.disk import disk_fault, try_disk
from orchestrator.daemon.journal import NAME, Alarm, Journal, read_journal
from orchestrator.daemon.results import Results
from orchestrator.errors import DataError, DiskError, KeystoreError


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path, "scope")
    yield made
    made.close()


def test_events_are_told_in_order(journal: Journal, tmp_path: Path) -> None:
    for count in range(5):
        journal.write("seen", count=count)
    assert [item["count"] for item in journal.events(limit=3)] == [0, 1, 2]
    assert [item["count"] for item in read_journal(tmp_path)] == [0, 1, 2, 3, 4]


def test_events_are_paged_by_their_own_number(journal: Journal) -> None:
    for count in range(5):
        journal.write("seen", count=count)
    first = journal.events(limit=2)
    rest = journal.events(after=first[-1]["number"])
    assert [item["count"] for item in [*first, *rest]] == list(range(5))
    assert all(item["event"] == "seen" and item["time"] > 1_700_000_000 for item in rest)


def test_the_file_is_its_owners_alone(journal: Journal, tmp_path: Path) -> None:
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_an_effect_is_known_from_its_beginning_to_its_end(journal: Journal) -> None:
    journal.effect_started("train/1", local=True)
    assert [(row.id, row.state, row.attempts) for row in journal.effects()] == [("train/1", "started", 1)]
    journal.effect_failed("train/1", "StorageError", "IPFS is down")
    journal.effect_started("train/1", local=True)
    journal.effect_completed("train/1")
    (row,) = journal.effects()
    assert (row.state, row.attempts, row.code, row.local) == ("completed", 2, "", True)
    assert row.ended is not None and row.ended >= row.begun
    assert journal.failures() == {("train", "StorageError"): 1}


def test_only_local_effects_are_done_for_the_next_process(journal: Journal) -> None:
    """What left the house is on a chain, or has to go there again."""
    for effect_id, local in (("train/1", True), ("submit/1", False), ("judge/1", True)):
        journal.effect_started(effect_id, local=local)
    journal.effect_completed("train/1")
    journal.effect_completed("submit/1")
    assert journal.done() == {"train/1"}
    assert journal.interrupted() == ["judge/1"] and journal.interrupted() == []
    assert {row.id: row.state for row in journal.effects()}["judge/1"] == "cancelled"


def test_another_pair_of_chains_finds_nothing(journal: Journal, tmp_path: Path) -> None:
    journal.effect_started("train/1", local=True)
    journal.effect_completed("train/1")
    journal.put("sealed", "1", {"cid": "Qm"})
    journal.save_cursor("private", [1])
    journal.raise_alarm("NAME", "text")
    other = Journal(tmp_path, "other")
    assert (other.done(), other.get("sealed", "1"), other.cursor("private"), other.alarms()) == (
        frozenset(),
        None,
        None,
        (),
    )
    assert other.effects() == [] and other.results("sealed") == {}
    other.close()


def test_a_reorganisation_is_noted_at_one_go(journal: Journal) -> None:
    journal.effect_started("train/1", local=True)
    journal.effect_completed("train/1")
    journal.put("attested", "1", {"block": 5})
    journal.put("attested", "2", {"block": 9})
    alarm = Alarm("REWRITTEN", "look", 12.0)
    journal.rolled_back("private", {"number": 6}, forget={"attested": ["2"]}, alarm=alarm)
    assert journal.done() == frozenset() and journal.cursor("private") == {"number": 6}
    assert list(journal.results("attested")) == ["1"] and journal.alarms() == (alarm,)


def test_an_alarm_stays_until_it_is_cleared(journal: Journal) -> None:
    journal.raise_alarm("NAME", "first")
    journal.raise_alarm("NAME", "second")
    assert [item.text for item in journal.alarms()] == ["first"]
    journal.clear_alarm("NAME")
    journal.clear_alarm("NAME")
    assert journal.alarms() == ()
    assert [item["event"] for item in journal.events()] == ["alarm-raised"], "who clears it says so"


def full(journal: Journal) -> None:
    """As on a disk without room: SQLite itself refuses."""
    pages = journal._database.execute("PRAGMA page_count").fetchone()[0]
    journal._database.execute(f"PRAGMA max_page_count={pages}")


def test_a_full_disk_is_one_clear_error_and_loses_nothing(journal: Journal) -> None:
    journal.put("sealed", "1", "kept")
    full(journal)
    with pytest.raises(DiskError, match="full") as caught:
        journal.put("sealed", "2", "x" * 100_000)
    assert "make room" in caught.value.mend
    assert journal.results("sealed") == {"1": "kept"}, "what was there can be read, and no half of the new one"
    journal._database.execute("PRAGMA max_page_count=1000000")
    journal.put("sealed", "2", "x" * 100_000)
    assert len(journal.results("sealed")) == 2


def test_a_read_only_disk_is_one_clear_error(journal: Journal) -> None:
    journal._database.execute("PRAGMA query_only=ON")
    with pytest.raises(DiskError, match="readonly"):
        journal.write("seen")
    journal._database.execute("PRAGMA query_only=OFF")
    journal.write("seen")


def test_a_result_that_the_disk_refused_is_not_computed_again(journal: Journal) -> None:
    results, computed = Results(journal), []

    def compute() -> list[int]:
        computed.append(1)
        return computed * 1

    journal._database.execute("PRAGMA query_only=ON")
    with pytest.raises(DiskError):
        results.once("judged", "1/a", compute)
    assert results.find("judged", "1/a") is None
    journal._database.execute("PRAGMA query_only=OFF")
    assert results.once("judged", "1/a", compute) == results.once("judged", "1/a", compute) == [1]
    assert results.of_round("judged", 1) == [[1]] and results.of_round("judged", 11) == []


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"nothing that SQLite has written" * 400)
    with pytest.raises(DiskError, match="cannot be used") as caught:
        Journal(tmp_path)
    assert "put it aside" in caught.value.mend
    with pytest.raises(DiskError, match="cannot read"):
        read_journal(tmp_path)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    database = sqlite3.connect(tmp_path / NAME)
    database.execute(f"PRAGMA user_version={module.VERSION + 1}")
    database.close()
    with pytest.raises(DiskError, match=f"has version {module.VERSION + 1}"):
        Journal(tmp_path)


def test_old_events_go_when_a_daemon_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVENTS_KEPT", 3)
    for _ in range(2):
        journal = Journal(tmp_path)
        for number in range(4):
            journal.write("seen", count=number)
        journal.close()
    journal = Journal(tmp_path)
    assert [item["count"] for item in journal.events()] == [1, 2, 3]
    journal.close()


def test_threads_share_it(journal: Journal) -> None:
    threads = [threading.Thread(target=lambda: [journal.write("seen") for _ in range(20)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journal.events()) == 60


KILLED = """
import os, signal, sys
from pathlib import Path
from orchestrator.daemon.journal import Journal
journal = Journal(Path(sys.argv[1]), "scope")
journal.put("sealed", "1", "kept")
journal.effect_started("submit/1", local=False)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_written_outlives_a_kill(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    journal = Journal(tmp_path, "scope")
    assert journal.get("sealed", "1") == "kept"
    assert journal.interrupted() == ["submit/1"]
    journal.close()


# -- whose fault


@pytest.mark.parametrize("number", ["ENOSPC", "EROFS", "EDQUOT", "EIO"])
def test_faults_of_the_own_disk_are_known_wherever_they_are_wrapped(number: str) -> None:
    error = OSError(getattr(errno, number), os.strerror(getattr(errno, number)), "/home/x")
    found = disk_fault(error)
    assert found is not None and os.strerror(getattr(errno, number)) in found.message
    wrapped = KeystoreError("secrets.sqlite cannot be used")
    wrapped.__cause__ = error
    assert isinstance(disk_fault(wrapped), DiskError)


@pytest.mark.parametrize("error", [KeystoreError("wrong password"), ConnectionRefusedError(111, "refused"), None])
def test_what_is_no_fault_of_the_disk(error: BaseException | None) -> None:
    assert disk_fault(error) is None


def test_data_that_cannot_be_read_are_no_fault_of_the_home() -> None:
    """Else it would be tried again for ever, under a message on room for writing."""
    with pytest.raises(DataError) as refused:
        try:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/data/letters")
        except OSError as error:
            raise DataError("cannot read the data in /data: Permission denied") from error
    assert disk_fault(refused.value) is None


def test_a_disk_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    try_disk(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        try_disk(tmp_path / "nowhere")
