"""What an account has signed to send, kept from before the network knows it (docs/decisions/0054).

Every transaction belongs to a *slot*: a call of an action. A slot is tried in *attempts*; all transactions of one
attempt have the same nonce, so that the chain itself mines at most one of them, however often its price was raised.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from orchestrator.errors import DiskError, WrongChain
from orchestrator.types import Address, Digest

_SCHEMA = """
CREATE TABLE IF NOT EXISTS chains (chain_id TEXT PRIMARY KEY, genesis TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS transactions (
    place INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE, chain_id TEXT NOT NULL, account TEXT NOT NULL,
    action TEXT NOT NULL, call TEXT NOT NULL, ordinal INTEGER NOT NULL, attempt INTEGER NOT NULL,
    nonce INTEGER NOT NULL, raw BLOB NOT NULL, fields TEXT NOT NULL, status TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS slots ON transactions (chain_id, account, action, call, ordinal, attempt);
CREATE INDEX IF NOT EXISTS nonces ON transactions (chain_id, account, nonce);
"""
_COLUMNS = "action, call, ordinal, attempt, nonce, hash, raw, fields, status"
_BUSY_SECONDS = 30


class Status(StrEnum):
    """What is known of a transaction. Only the chain knows it for certain, and a reorganisation may undo it."""

    PENDING = "pending"
    MINED = "mined"
    FAILED = "failed"
    """Mined, and refused by the contract."""
    REPLACED = "replaced"
    """Another one of the same attempt was mined."""
    DISPLACED = "displaced"
    """Its nonce went to a transaction that is not from this outbox."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A call of an action; ``ordinal`` counts calls of that name."""

    action: str
    call: str
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """Who sends, and where."""

    chain_id: int
    address: Address


@dataclass(frozen=True, slots=True)
class Entry:
    """One signed transaction. ``fields`` is what was signed, so that it can be signed again at another price."""

    slot: Slot
    attempt: int
    nonce: int
    hash: Digest
    raw: bytes = field(repr=False)
    fields: Mapping[str, Any] = field(repr=False)
    status: Status = Status.PENDING


class Outbox(Protocol):
    """The port. What was added is durable before ``add`` returns."""

    def bind(self, chain_id: int, genesis: Digest) -> None:
        """Note which chain has this id, by the hash of its first block; WrongChain when it was another."""

    def newest(self, account: Account, slot: Slot) -> tuple[Entry, ...]:
        """The transactions of the slot's newest attempt, in the order in which they were signed."""

    def since(self, account: Account, nonce: int) -> tuple[Entry, ...]:
        """All with this nonce or a later one, by nonce and then in the order in which they were signed."""

    def add(self, account: Account, entry: Entry) -> None:
        """Keep one that was just signed."""

    def settle(self, hash_: Digest, status: Status) -> None:
        """Note what became of one; once it is mined, the others of its attempt are replaced."""

    def forget(self, account: Account, slot: Slot) -> None:
        """Remove a slot: nobody asks for it again."""


class SqliteOutbox:
    """The outbox of a home. Threads and processes may share it; it is open only while it is asked.

    Raises:
        DiskError: the file cannot be made, read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def bind(self, chain_id: int, genesis: Digest) -> None:
        with self._transaction() as database:
            database.execute("INSERT OR IGNORE INTO chains VALUES (?, ?)", (str(chain_id), genesis))
            known = database.execute("SELECT genesis FROM chains WHERE chain_id = ?", (str(chain_id),)).fetchone()[0]
        if known != genesis:
            raise WrongChain(
                f"chain {chain_id} began with block {known} when this home last sent there, and now with {genesis}",
                mend=f"ask the node of the right chain; if that network was made anew, move {self._path} away",
            )

    def newest(self, account: Account, slot: Slot) -> tuple[Entry, ...]:
        where = "chain_id = ? AND account = ? AND action = ? AND call = ? AND ordinal = ?"
        key = (*_key(account), slot.action, slot.call, slot.ordinal)
        query = f"SELECT {_COLUMNS} FROM transactions WHERE {where} ORDER BY attempt, place"
        found = self._entries(query, key)
        return tuple(entry for entry in found if entry.attempt == found[-1].attempt)

    def since(self, account: Account, nonce: int) -> tuple[Entry, ...]:
        where = "chain_id = ? AND account = ? AND nonce >= ?"
        query = f"SELECT {_COLUMNS} FROM transactions WHERE {where} ORDER BY nonce, attempt, place"
        return tuple(self._entries(query, (*_key(account), nonce)))

    def add(self, account: Account, entry: Entry) -> None:
        slot = entry.slot
        which = (entry.hash, *_key(account), slot.action, slot.call, slot.ordinal, entry.attempt, entry.nonce)
        row = (None, *which, entry.raw, json.dumps(dict(entry.fields)), entry.status)
        with self._transaction() as database:
            database.execute(f"INSERT OR IGNORE INTO transactions VALUES ({', '.join('?' * len(row))})", row)

    def settle(self, hash_: Digest, status: Status) -> None:
        same = "chain_id, account, action, call, ordinal, attempt"
        with self._transaction() as database:
            if status in (Status.MINED, Status.FAILED):
                database.execute(
                    f"UPDATE transactions SET status = ? WHERE ({same}) ="
                    f" (SELECT {same} FROM transactions WHERE hash = ?)",
                    (Status.REPLACED, hash_),
                )
            database.execute("UPDATE transactions SET status = ? WHERE hash = ?", (status, hash_))

    def forget(self, account: Account, slot: Slot) -> None:
        where = "chain_id = ? AND account = ? AND action = ? AND call = ? AND ordinal = ?"
        with self._transaction() as database:
            database.execute(
                f"DELETE FROM transactions WHERE {where}", (*_key(account), slot.action, slot.call, slot.ordinal)
            )

    def _entries(self, query: str, key: tuple[Any, ...]) -> list[Entry]:
        with self._opened() as database:
            return [_entry(row) for row in database.execute(query, key)]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; on disk when it returns."""
        with self._opened() as database:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")  # closing without it takes everything back

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self._path.exists():
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.touch(mode=0o600)
            with closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)) as database:
                database.execute("PRAGMA synchronous=EXTRA")  # FULL, and the folder after a journal goes
                database.executescript(_SCHEMA)
                yield database
        except sqlite3.DatabaseError as error:
            raise DiskError(f"{self._path} cannot be used: {error}", mend="make room; is the file whole?") from error
        except OSError as error:
            raise DiskError(f"{self._path} cannot be used: {error.strerror}", mend="make room, or allow it") from error


def _key(account: Account) -> tuple[str, str]:
    return (str(account.chain_id), account.address.lower())


def _entry(row: tuple[Any, ...]) -> Entry:
    action, call, ordinal, attempt, nonce, hash_, raw, fields, status = row
    return Entry(Slot(action, call, ordinal), attempt, nonce, Digest(hash_), raw, json.loads(fields), Status(status))
