"""What this organisation has signed: two contents for one checkpoint sequence are equivocation, provable on chain."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from orchestrator.errors import KeystoreError
from orchestrator.keystore.database import connect, errors, transaction
from orchestrator.types import Address, Digest

_SCHEMA = """
CREATE TABLE IF NOT EXISTS checkpoints (
    chain_id TEXT NOT NULL, anchor TEXT NOT NULL, sequence INTEGER NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (chain_id, anchor, sequence)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recall (wanted INTEGER PRIMARY KEY) WITHOUT ROWID;
"""


class SigningRecord:
    """A durable table of checkpoint contents, in a file of its own because backups should hold it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._database = connect(path, _SCHEMA, journal="WAL")

    def close(self) -> None:
        self._database.close()

    def content(self, chain_id: int, anchor: Address, sequence: int) -> Digest | None:
        """The content that was signed for a sequence, if any is known."""
        with self._mutex, errors(self._path):
            row = self._row(chain_id, anchor, sequence)
        return None if row is None else Digest(row[0])

    @property
    def waits_for_recall(self) -> bool:
        """Whether this record was restored, and so may lack what was signed after the backup."""
        with self._mutex, errors(self._path):
            return self._database.execute("SELECT 1 FROM recall").fetchone() is not None

    def demand_recall(self) -> None:
        """Refuse all signing until :meth:`finish_recall`; survives the process."""
        with self._mutex, errors(self._path), transaction(self._database):
            self._database.execute("INSERT OR IGNORE INTO recall VALUES (1)")

    def finish_recall(self) -> None:
        with self._mutex, errors(self._path), transaction(self._database):
            self._database.execute("DELETE FROM recall")

    def claim(self, chain_id: int, anchor: Address, sequence: int, content: Digest, *, recalled: bool = False) -> None:
        """Reserve a sequence for one content; on disk before this returns. The same content may be claimed again.

        Args:
            recalled: it was signed before, as a chain tells; a new signature waits until all such are known.

        Raises:
            KeystoreError: another content holds that sequence, or it is not known what does.
        """
        if not recalled and self.waits_for_recall:
            raise KeystoreError(
                f"checkpoint {sequence} is not signed: this keystore was restored, and may have signed another one",
                mend="start the daemon with both chains up: it looks up what was signed, and goes on",
            )
        key = (str(chain_id), anchor.lower(), sequence)
        with self._mutex, errors(self._path), transaction(self._database):
            row = self._row(chain_id, anchor, sequence)
            if row is None:
                self._database.execute("INSERT INTO checkpoints VALUES (?, ?, ?, ?)", (*key, content.lower()))
            elif row[0] != content.lower():
                raise KeystoreError(
                    f"refused to sign checkpoint {sequence} with content {content}: {row[0]} was signed before",
                    mend="signing both would be equivocation; find out why the private chain's records changed",
                )

    def copy(self, target: Path) -> None:
        """Write the record as it is now into a new file, whatever is written to it meanwhile."""
        with self._mutex, errors(self._path), closing(sqlite3.connect(target)) as copied:
            self._database.backup(copied)

    def _row(self, chain_id: int, anchor: Address, sequence: int) -> tuple[str] | None:
        query = "SELECT content FROM checkpoints WHERE chain_id = ? AND anchor = ? AND sequence = ?"
        row: tuple[str] | None = self._database.execute(query, (str(chain_id), anchor.lower(), sequence)).fetchone()
        return row
