"""A home on a real disk that is full, and on one that is read-only, before real chains and IPFS.

The disk is a small tmpfs where this process may mount one. Elsewhere the system's calls are made to refuse what is
below the home (``Pretended``), and SQLite to take no more pages: then it is not the kernel that says no.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from killed_daemon import PASSWORD, TICK
from real_world import LONG, World, world
from unit.daemon.fake_workbench import FakeWorkbench
from unit.ledger.actors import task

from orchestrator.daemon.access import connect
from orchestrator.daemon.alarms import DISK_NOT_WRITABLE
from orchestrator.daemon.journal import Journal
from orchestrator.daemon.node import Node
from orchestrator.daemon.operations import open_round
from orchestrator.daemon.services import Services
from orchestrator.errors import DiskError, LoranchorError
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.entities import RoundStatus
from orchestrator.settings import compose
from orchestrator.types import OrganisationId

AURORA, BOREALIS, CUMULUS = (OrganisationId(name) for name in ("aurora", "borealis", "cumulus"))
SIZE = "24m"
WATCHED_SECONDS = 5.0


class Mounted:
    """A small file system at the home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(home)], check=True)

    def fill(self, journal: Journal) -> None:
        """To the last byte."""
        with (self.home / "ballast").open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    assert error.errno == errno.ENOSPC

    def make_room(self, journal: Journal) -> None:
        (self.home / "ballast").unlink()

    def protect(self, writable: bool) -> None:
        os.sync()
        subprocess.run(["mount", "-o", f"remount,{'rw' if writable else 'ro'}", str(self.home)], check=True)

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.home)], check=True)


class Pretended:
    """Refuses as a full or read-only disk does, for the home alone, where nothing may be mounted."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self.home, self.number = home, 0
        honest_sync, honest_touch = os.fsync, Path.touch

        def sync(handle: int) -> None:
            if self.number and self.home in Path(f"/proc/self/fd/{handle}").readlink().parents:
                raise OSError(self.number, os.strerror(self.number))
            honest_sync(handle)

        def touch(path: Path, *given: Any, **named: Any) -> None:
            if self.number and self.home in path.parents:
                raise OSError(self.number, os.strerror(self.number), str(path))
            honest_touch(path, *given, **named)

        patch.setattr(os, "fsync", sync)
        patch.setattr(Path, "touch", touch)

    def fill(self, journal: Journal) -> None:
        self.number = errno.ENOSPC
        with journal._mutex:
            journal._database.execute("PRAGMA max_page_count=1")  # as many as there are
        with suppress(DiskError):
            while True:
                journal.write("ballast", much="x" * 1000)

    def make_room(self, journal: Journal) -> None:
        self.number = 0
        with journal._mutex:
            journal._database.execute("PRAGMA max_page_count=1000000")

    def protect(self, writable: bool) -> None:
        self.number = 0 if writable else errno.EROFS

    def close(self) -> None:
        self.number = 0


Disk = Mounted | Pretended


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """Where aurora's home will be."""
    home = tmp_path / "world" / "homes" / AURORA
    home.mkdir(parents=True)
    found: Disk
    try:
        found = Mounted(home)
    except (subprocess.CalledProcessError, FileNotFoundError):
        found = Pretended(home, monkeypatch)
    print(f"the disk is {type(found).__name__.lower()}")
    yield found
    found.close()


def node_of(made: World, name: OrganisationId) -> Node:
    node = made.members[name].node
    assert node is not None
    return node


def services_of(made: World, name: OrganisationId) -> Services:
    services = made.members[name].services
    assert services is not None
    return services


def alarms(made: World) -> list[str]:
    return [alarm.name for alarm in node_of(made, AURORA).health().alarms]


def begun(made: World, name: OrganisationId) -> threading.Event:
    """A daemon that can be ended alone."""
    member, stop = made.members[name], threading.Event()
    access = connect(compose([], organisation_home=member.home), member.home, PASSWORD)
    member.services = Services.of(access, FakeWorkbench(name))
    member.node = node = Node(member.services)
    made._in_thread(lambda: node.run(stop, tick=TICK))
    return stop


def a_round(made: World, agreement: Agreement) -> int:
    return open_round(services_of(made, BOREALIS), task(deadlines=LONG, minimum_updates=3), agreement)


def closed(made: World, number: int) -> None:
    made.until(lambda: made.ledger.rounds[number].status is RoundStatus.CLOSED, 300, f"round {number}")
    owners = sorted(update.organisation for update in made.ledger.updates.values() if update.round == number)
    assert owners == [AURORA, BOREALIS, CUMULUS], "each has one update in it"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_full_and_a_read_only_disk(disk: Disk, tmp_path: Path) -> None:
    with world(tmp_path / "world") as made:
        agreement = made.agree()
        for name in (BOREALIS, CUMULUS):
            made.start(name)
        stop = begun(made, AURORA)
        try:
            made.until(lambda: not made.ledger.without_prekeys, 120, "prekeys")
            _full(made, disk, agreement)
            stop.set()
            made.threads[-1].join(60)
            stop = _read_only(made, disk, agreement)
        finally:
            stop.set()


def _full(made: World, disk: Disk, agreement: Agreement) -> None:
    journal = services_of(made, AURORA).journal
    disk.fill(journal)
    number = a_round(made, agreement)
    made.until(lambda: DISK_NOT_WRITABLE in alarms(made), 60, "the alarm")
    made.until(lambda: len(made.ledger.updates) == 2, 120, "the others' updates")
    time.sleep(WATCHED_SECONDS)
    health = node_of(made, AURORA).health()
    assert not health.ready and any(
        "disk" in reason and "goes on by itself" in str(reason) for reason in health.reasons
    )
    assert len(made.ledger.updates) == 2, "nothing was sent that could not be written down before"
    assert node_of(made, AURORA).state.ledger == made.ledger, "it follows the chains all the same"
    disk.make_room(journal)
    made.until(lambda: node_of(made, AURORA).health().ready, 60, "it goes on by itself")
    closed(made, number)
    assert DISK_NOT_WRITABLE not in alarms(made)


def _read_only(made: World, disk: Disk, agreement: Agreement) -> threading.Event:
    """With the daemon stopped, since a file system with open files is not made read-only."""
    former = services_of(made, AURORA)
    former.journal.close()
    former.keystore.close()
    for name in ("daemon.sqlite", "outbox.sqlite", "keystore/signed.sqlite"):
        with closing(sqlite3.connect(disk.home / name)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    made.members[AURORA].services = None
    disk.protect(writable=False)
    with pytest.raises(LoranchorError, match=r"[Rr]ead-only|readonly") as refused:
        begun(made, AURORA)
    print(f"{refused.value.code}: {refused.value}")
    disk.protect(writable=True)
    stop = begun(made, AURORA)
    closed(made, a_round(made, agreement))
    return stop
