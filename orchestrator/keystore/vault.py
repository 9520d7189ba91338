"""Secrets at rest: prekeys, content keys and content salts, each encrypted under the key-encryption key (KEK).

Destroying a secret replaces the KEK, so that copies of the encrypted entry, in backups, in freed disk blocks, in the
data folder as it was, are worth nothing. The order is safe against a crash at any point; the next opening finishes it:

1. the new KEK is written as ``kek.next.json``;
2. one transaction removes the doomed entries, leaves tombstones, re-encrypts the others and names the new KEK;
3. ``kek.json`` is renamed to ``kek.retired.json`` and ``kek.next.json`` to ``kek.json``;
4. ``kek.retired.json`` is overwritten and removed.

Before 2 the old state is readable, from 2 on the new one.
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from orchestrator.errors import ContentKeyDestroyed, KeystoreError
from orchestrator.keystore.database import connect, errors, transaction
from orchestrator.keystore.files import destroy, sync_folder
from orchestrator.keystore.kek import Kek, PasswordKey, peek_id, read_kek, write_kek

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    kind TEXT NOT NULL, id TEXT NOT NULL, kek TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS destroyed (
    kind TEXT NOT NULL, id TEXT NOT NULL, held INTEGER NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
"""
_OLDER = "this data folder is older than the last shredding: what was shredded stays so, the rest can be caught up on"


class Vault:
    """The encrypted entries of one keystore folder. Safe to use from several threads and processes.

    Args:
        folder: ``<home>/keystore``.
        password_key: what opens the KEK file.
        reached: called after each step of a replacement of the KEK; tests stop there.

    Raises:
        KeystoreError: wrong password, or the files do not belong together.
    """

    def __init__(
        self, folder: Path, password_key: PasswordKey, reached: Callable[[str], None] = lambda _: None
    ) -> None:
        self._folder = folder
        self._password_key = password_key
        self._reached = reached
        self._current, self._next, self._retired = (
            folder / name for name in ("kek.json", "kek.next.json", "kek.retired.json")
        )
        self._mutex = threading.RLock()
        self._kek: Kek | None = None
        self._path = folder / "secrets.sqlite"
        self._database = connect(self._path, _SCHEMA, journal="DELETE")
        try:
            with self._exclusive():
                pass
        except KeystoreError:
            self._database.close()
            raise

    def close(self) -> None:
        self._database.close()

    def put(self, kind: str, id: str, secret: bytes) -> None:
        """Keep a secret in place of an older one of that name.

        Raises:
            ContentKeyDestroyed: that entry was destroyed before and must not come back.
        """
        self.put_all([(kind, id, secret)])

    def put_all(self, secrets: Iterable[tuple[str, str, bytes]]) -> None:
        with self._exclusive() as kek, transaction(self._database):
            for kind, id, secret in secrets:
                if self._tombstone(kind, id) is not None:
                    raise ContentKeyDestroyed(f"the {kind} of {id} was destroyed and is not taken back")
                self._write(kek, kind, id, secret)

    def get(self, kind: str, id: str) -> bytes:
        """Read a secret.

        Raises:
            ContentKeyDestroyed: it was destroyed, or its KEK was.
            KeystoreError: it was never here.
        """
        with self._exclusive() as kek:
            row = self._row(kind, id)
            if row is None and self._tombstone(kind, id) is not None:
                raise ContentKeyDestroyed(f"the {kind} of {id} was destroyed on purpose; nothing can open it any more")
            if row is None:
                raise KeystoreError(f"this keystore has no {kind} of {id}")
            if row[0] != kek.id:
                raise ContentKeyDestroyed(
                    f"the {kind} of {id} is encrypted under a keystore key that was destroyed", mend=_OLDER
                )
            return kek.decrypt(kind, id, row[1])

    def ids(self, kind: str) -> list[str]:
        """Ids of the entries that can be read."""
        with self._exclusive() as kek:
            query = "SELECT id FROM entries WHERE kind = ? AND kek = ? ORDER BY id"
            return [str(row[0]) for row in self._database.execute(query, (kind, kek.id))]

    def had(self, kind: str, id: str) -> bool:
        """Whether the entry is here, readable or not, or was when it was destroyed."""
        with self._exclusive():
            return self._row(kind, id) is not None or bool(self._tombstone(kind, id))

    def destroy(self, kind: str, ids: Iterable[str]) -> int:
        """Destroy entries for good, replacing the KEK.

        Returns:
            how many of ``ids`` were held here when they were destroyed, now or before; so that doing it again after a
            crash says the same.
        """
        wanted = list(dict.fromkeys(ids))
        with self._exclusive() as kek:
            doomed = [id for id in wanted if self._tombstone(kind, id) is None]
            if doomed:
                self._replace_kek(kek, kind, doomed)
            return sum(self._tombstone(kind, id) or 0 for id in wanted)

    def _replace_kek(self, old: Kek, kind: str, doomed: list[str]) -> None:
        new = Kek.fresh(old.generation + 1)
        write_kek(self._next, new, self._password_key)
        self._reached("staged")
        with transaction(self._database):
            for id in doomed:
                key = (kind, id)
                held = self._database.execute("DELETE FROM entries WHERE kind = ? AND id = ?", key).rowcount
                self._database.execute("INSERT INTO destroyed VALUES (?, ?, ?)", (*key, held))
            for other_kind, id, sealed in self._readable(old):
                self._write(new, other_kind, id, old.decrypt(other_kind, id, sealed))
            self._name(new)
        self._reached("rewrapped")
        self._promote()
        self._kek = new

    def _promote(self) -> None:
        if self._current.exists():
            self._current.rename(self._retired)
            sync_folder(self._folder)
            self._reached("retired")
        self._next.rename(self._current)
        sync_folder(self._folder)
        self._reached("promoted")
        destroy(self._retired)
        self._reached("destroyed")

    @contextmanager
    def _exclusive(self) -> Iterator[Kek]:
        """The lock of the folder, and the KEK as it is now: another process may have replaced it."""
        with self._mutex, errors(self._path), locked(self._folder):
            self._finish_interrupted()
            named = self._named()
            if self._kek is None or named is None or named[1] != self._kek.id:
                self._kek = self._load(named)
            yield self._kek

    def _finish_interrupted(self) -> None:
        if self._next.exists():
            named = self._named()
            if named is not None and peek_id(self._next) == named[1]:
                self._promote()
            else:
                destroy(self._next)
        if self._retired.exists() and self._current.exists():
            destroy(self._retired)

    def _load(self, named: tuple[int, str] | None) -> Kek:
        kek = read_kek(self._current, self._password_key)
        if named is None or named[0] < kek.generation:  # new, or put back from before the KEK was replaced
            with transaction(self._database):
                self._name(kek)
        elif named[1] != kek.id:
            raise KeystoreError(
                f"{self._current} is not the key-encryption key of {self._path.name}: generation {kek.generation} "
                f"where {named[0]} is needed",
                mend="put the newest kek.json back; Keystore.restore() starts anew without the secrets",
            )
        return kek

    def _named(self) -> tuple[int, str] | None:
        return _named(self._database)

    def _name(self, kek: Kek) -> None:
        rows = [("generation", str(kek.generation)), ("kek", kek.id)]
        self._database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def _readable(self, kek: Kek) -> list[tuple[str, str, bytes]]:
        return list(self._database.execute("SELECT kind, id, sealed FROM entries WHERE kek = ?", (kek.id,)))

    def _write(self, kek: Kek, kind: str, id: str, secret: bytes) -> None:
        row = (kind, id, kek.id, kek.encrypt(kind, id, secret))
        self._database.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", row)

    def _row(self, kind: str, id: str) -> tuple[str, bytes] | None:
        query = "SELECT kek, sealed FROM entries WHERE kind = ? AND id = ?"
        row: tuple[str, bytes] | None = self._database.execute(query, (kind, id)).fetchone()
        return row

    def _tombstone(self, kind: str, id: str) -> int | None:
        row = self._database.execute("SELECT held FROM destroyed WHERE kind = ? AND id = ?", (kind, id)).fetchone()
        return None if row is None else int(row[0])


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time looks at or changes the KEK's files. Not to be nested."""
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def last_generation(folder: Path) -> int:
    """The generation of the KEK that a folder's secrets need; 0 where there are none."""
    path = folder / "secrets.sqlite"
    if not path.exists():
        return 0
    with errors(path), closing(connect(path, _SCHEMA, journal="DELETE")) as database:
        named = _named(database)
        return named[0] if named else 0


def _named(database: sqlite3.Connection) -> tuple[int, str] | None:
    rows = dict(database.execute("SELECT name, value FROM meta"))
    return (int(rows["generation"]), str(rows["kek"])) if rows else None
