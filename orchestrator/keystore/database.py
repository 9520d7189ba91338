"""SQLite as the keystore uses it: private, durable, and with its errors in our words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import KeystoreError


def connect(path: Path, schema: str, *, journal: str) -> sqlite3.Connection:
    """Open or make a database that only its owner can read.

    Raises:
        KeystoreError: damaged, or not to be opened.
    """
    with errors(path):
        path.touch(mode=0o600)
        path.chmod(0o600)
        connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA journal_mode={journal}")
            connection.execute("PRAGMA synchronous=EXTRA")  # FULL, and the folder after a journal goes
            connection.execute("PRAGMA secure_delete=ON")
            connection.executescript(schema)
        except sqlite3.Error:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing; on disk when it returns."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # on a full disk SQLite has rolled back by itself
            connection.execute("ROLLBACK")


@contextmanager
def errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise KeystoreError(f"{path} cannot be used: {error}", mend="see docs/formats/keystore.md on damage") from error
    except OSError as error:
        raise KeystoreError(f"cannot open {path}: {error.strerror}") from error
