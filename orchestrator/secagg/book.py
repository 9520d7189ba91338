"""What a member has said in each session, once and for ever: the table that keeps it from saying two things.

Four pairs of statements would give an update away, though each by itself is what the protocol asks for:

- shares of *both* secrets of one member: with its mask key and its seed its masks are gone;
- two updates behind the same masks: their difference is in the open;
- two deals of the same secrets: too many shares of one of them may be about;
- a word for updates masked against some dealers, and shares for a sum over others: masks of those that differ would be
  gone, whoever stayed.

So each is written here before it is said, and refused when another one is written already, whatever a chain, a restart
or a reorganisation tells later. It is to secure aggregation what the signing record is to checkpoints.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from orchestrator.keystore.database import connect, errors, transaction
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.types import Digest

_SCHEMA = """
CREATE TABLE IF NOT EXISTS said (
    session TEXT NOT NULL, act TEXT NOT NULL, subject TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (session, act, subject)
) WITHOUT ROWID;
"""

BEGUN, DEALT, DEALERS, MASKED = "begun", "dealt", "dealers", "masked"
SURVIVORS, REVEALED = "survivors", "revealed"


class Statement(NamedTuple):
    """Something said once a session: of what kind, about whom, and what."""

    act: str
    subject: str
    value: str


class Book:
    """A durable table of statements, in a file that only its owner can read.

    Args:
        path: of the SQLite file; made where there is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._database = connect(path, _SCHEMA, journal="WAL")

    def close(self) -> None:
        self._database.close()

    def claim(self, session: Digest, statements: Iterable[Statement]) -> None:
        """Write down what is about to be said: all of it, on disk, before this returns. The same may be said again.

        Raises:
            SecaggRefused: BOTH_SECRETS or SAID_OTHERWISE; then nothing was written.
            KeystoreError: the table cannot be used.
        """
        with self._mutex, errors(self._path), transaction(self._database):
            for statement in statements:
                self._claim(session, statement)

    def said(self, session: Digest, act: str, subject: str) -> str | None:
        """What was said, if anything."""
        query = "SELECT value FROM said WHERE session = ? AND act = ? AND subject = ?"
        with self._mutex, errors(self._path):
            row: tuple[str] | None = self._database.execute(query, (session, act, subject)).fetchone()
        return None if row is None else row[0]

    def _claim(self, session: Digest, statement: Statement) -> None:
        query = "SELECT value FROM said WHERE session = ? AND act = ? AND subject = ?"
        row = self._database.execute(query, (session, statement.act, statement.subject)).fetchone()
        if row is None:
            self._database.execute("INSERT INTO said VALUES (?, ?, ?, ?)", (session, *statement))
        elif row[0] != statement.value:
            raise _refusal(session, statement, row[0])


def _refusal(session: Digest, wanted: Statement, before: str) -> SecaggRefused:
    if wanted.act == REVEALED:
        return SecaggRefused(
            Reason.BOTH_SECRETS,
            f"a share of the {before} of {wanted.subject} was revealed in session {session}; one of its {wanted.value}"
            " never will be",
            mend="both together would show its update; find out why the private chain's records changed",
        )
    return SecaggRefused(
        Reason.SAID_OTHERWISE,
        f"{wanted.act} {wanted.subject} in session {session} as {before}, so not as {wanted.value}",
        mend="the first stands; the next round has new keys",
    )
