"""What this organisation has signed: two contents for one checkpoint sequence are equivocation, provable on chain."""

from __future__ import annotations

import threading
from pathlib import Path

from orchestrator.errors import KeystoreError
from orchestrator.keystore.database import connect, errors, transaction
from orchestrator.types import Address, Digest

_SCHEMA = """
CREATE TABLE IF NOT EXISTS checkpoints (
    chain_id TEXT NOT NULL, anchor TEXT NOT NULL, sequence INTEGER NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (chain_id, anchor, sequence)
) WITHOUT ROWID;
"""


class SigningRecord:
    """A durable table of checkpoint contents, in a file of its own because backups should hold it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._database = connect(path, _SCHEMA, journal="WAL")

    def close(self) -> None:
        self._database.close()

    def claim(self, chain_id: int, anchor: Address, sequence: int, content: Digest) -> None:
        """Reserve a sequence for one content; on disk before this returns. The same content may be claimed again.

        Raises:
            KeystoreError: another content holds that sequence.
        """
        key = (str(chain_id), anchor.lower(), sequence)
        with self._mutex, errors(self._path), transaction(self._database):
            row = self._database.execute(
                "SELECT content FROM checkpoints WHERE chain_id = ? AND anchor = ? AND sequence = ?", key
            ).fetchone()
            if row is None:
                self._database.execute("INSERT INTO checkpoints VALUES (?, ?, ?, ?)", (*key, content.lower()))
            elif row[0] != content.lower():
                raise KeystoreError(
                    f"refused to sign checkpoint {sequence} with content {content}: {row[0]} was signed before",
                    mend="signing both would be equivocation; find out why the private chain's records changed",
                )
