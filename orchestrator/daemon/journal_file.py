"""The SQLite file of a journal: what an event is, how it is written, and whose fault it is where it cannot be.

Format: docs/formats/journal.md.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestrator.daemon.disk import disk_errors
from orchestrator.errors import DiskError

NAME = "daemon.sqlite"
VERSION = 1
EVENTS_KEPT = 200_000
"""Older events are dropped when a daemon starts."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, event TEXT NOT NULL, facts TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS effects (
    scope TEXT NOT NULL, id TEXT NOT NULL, local INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    code TEXT NOT NULL, error TEXT NOT NULL, begun REAL NOT NULL, ended REAL, PRIMARY KEY (scope, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results (
    scope TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (scope, kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursors (
    scope TEXT NOT NULL, side TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (scope, side)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarms (
    scope TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, since REAL NOT NULL, PRIMARY KEY (scope, name)
) WITHOUT ROWID;
"""


class JournalFile:
    """The file in one home. Threads may share it; what a method writes is on disk when it returns, or nothing is."""

    def __init__(self, home: Path) -> None:
        self._mutex = threading.RLock()
        self._path = home / NAME
        with self._errors():
            home.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            self._path.chmod(0o600)
            self._database = _opened(self._path)
            try:
                self._drop_old()
            except DiskError:
                self._database.close()
                raise

    def close(self) -> None:
        """Nothing can be written afterwards."""
        with self._mutex:
            self._database.close()

    def _append(self, event: str, facts: Mapping[str, object]) -> None:
        self._database.execute(
            "INSERT INTO events (time, event, facts) VALUES (?, ?, ?)",
            (round(time.time(), 3), event, json.dumps(facts, sort_keys=False)),
        )

    def _drop_old(self) -> None:
        with self._transaction():
            query = "DELETE FROM events WHERE number <= (SELECT max(number) FROM events) - ?"
            self._database.execute(query, (EVENTS_KEPT,))

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._mutex, self._errors():
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._mutex, self._errors():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            finally:
                if self._database.in_transaction:  # some errors have rolled back by themselves
                    self._database.execute("ROLLBACK")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with disk_errors():
                yield
        except sqlite3.Error as error:
            raise DiskError(
                f"{self._path} cannot be used: {error}",
                mend="put it aside if it is damaged: all but unfinished local work follows from the chains",
            ) from error


def read_journal(home: Path) -> list[dict[str, Any]]:
    """All events of a home's journal, oldest first, as ``{"time", "event", …facts}``; another process may write it.

    Raises:
        DiskError: there is no journal, or it cannot be read.
    """
    path = home / NAME
    try:
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
        try:
            rows = database.execute("SELECT time, event, facts FROM events ORDER BY number").fetchall()
        finally:
            database.close()
    except sqlite3.Error as error:
        raise DiskError(f"cannot read {path}: {error}", mend="is it the home of a daemon that has run?") from error
    return [{"time": row[0], "event": row[1], **json.loads(row[2])} for row in rows]


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("PRAGMA secure_delete=ON")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise DiskError(
                f"{path} has version {version}, this program writes version {VERSION}",
                mend="run the newer version, or put the file aside",
            )
        database.executescript(_SCHEMA)
        database.execute(f"PRAGMA user_version={VERSION}")
    except BaseException:
        database.close()
        raise
    return database
