"""What a daemon saw and did, in SQLite: written before it acts, so that a start after a crash knows what was done.

Everything but events belongs to a *scope*, one pair of chains: a home that is put in front of another chain finds none
of it. Events hold no secrets; results may (verdicts that are not revealed yet), so the file is its owner's alone.
Format: docs/formats/journal.md.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from orchestrator.daemon.journal_file import NAME, VERSION, JournalFile, read_journal

__all__ = ["NAME", "VERSION", "Alarm", "EffectRow", "EffectStatus", "Journal", "Side", "read_journal"]

Side = Literal["private", "public"]
EffectStatus = Literal["started", "completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class EffectRow:
    """How an effect stands.

    Attributes:
        state: ``started`` while under way, also if the process ended meanwhile.
        attempts: how often it was begun. code, error: of the last failure; empty without one.
        begun, ended: seconds since 1970, of the last attempt.
    """

    id: str
    local: bool
    state: EffectStatus
    attempts: int
    code: str
    error: str
    begun: float
    ended: float | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that an operator must look at, and since when, in seconds since 1970."""

    name: str
    text: str
    since: float


class Journal(JournalFile):
    """The journal of one home. Threads may share it; each method is on disk when it returns, or has changed nothing.

    Args:
        home: the organisation's folder. scope: names the pair of chains; see the module.

    Every method raises DiskError when the disk is full, read-only, or the file is damaged.
    """

    def __init__(self, home: Path, scope: str = "") -> None:
        super().__init__(home)
        self._scope = scope

    # -- events

    def write(self, event: str, **facts: object) -> None:
        """Append an event; never a secret: ids, digests, counts and names only."""
        with self._transaction():
            self._append(event, facts)

    def write_all(self, events: list[tuple[str, Mapping[str, object]]]) -> None:
        """Append several at once."""
        with self._transaction():
            for event, facts in events:
                self._append(event, facts)

    def events(self, *, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """Events with higher numbers than ``after``, oldest first, as ``{"number", "time", "event", …facts}``."""
        query = "SELECT number, time, event, facts FROM events WHERE number > ? ORDER BY number LIMIT ?"
        rows = self._rows(query, after, limit)
        # last, so that no fact of an older release that has one of these names hides them
        return [{**json.loads(row[3]), "number": row[0], "time": row[1], "event": row[2]} for row in rows]

    # -- effects

    def effect_started(self, effect_id: str, *, local: bool) -> None:
        with self._transaction():
            self._database.execute(
                "INSERT INTO effects VALUES (?, ?, ?, 'started', 1, '', '', ?, NULL) ON CONFLICT (scope, id) DO UPDATE"
                " SET state = 'started', attempts = attempts + 1, begun = excluded.begun, ended = NULL",
                (self._scope, effect_id, local, time.time()),
            )
            self._append("effect-started", {"effect": effect_id})

    def effect_completed(self, effect_id: str) -> None:
        self._effect_ended(effect_id, "completed", "effect-completed")

    def effect_failed(self, effect_id: str, code: str, error: str) -> None:
        self._effect_ended(effect_id, "failed", "effect-failed", code, error)

    def effect_cancelled(self, effect_id: str) -> None:
        """It was stopped on purpose, and is begun again when it is wanted again."""
        self._effect_ended(effect_id, "cancelled", "effect-cancelled")

    def effects(self, state: EffectStatus | None = None, *, limit: int = 1000) -> list[EffectRow]:
        """The newest first."""
        query = (
            "SELECT id, local, state, attempts, code, error, begun, ended FROM effects"
            " WHERE scope = ? AND state LIKE ? ORDER BY begun DESC LIMIT ?"
        )
        rows = self._rows(query, self._scope, state or "%", limit)
        return [EffectRow(row[0], bool(row[1]), *row[2:]) for row in rows]

    def failures(self) -> dict[tuple[str, str], int]:
        """How often effects of a name have failed with a code, of all events that are kept."""
        query = "SELECT facts FROM events WHERE event = 'effect-failed'"
        told = [json.loads(row[0]) for row in self._rows(query)]
        return dict(Counter((str(item["effect"]).split("/")[0], str(item["code"])) for item in told))

    def done(self) -> frozenset[str]:
        """Local effects that were carried out: no chain tells of them."""
        query = "SELECT id FROM effects WHERE scope = ? AND local AND state = 'completed'"
        return frozenset(row[0] for row in self._rows(query, self._scope))

    def interrupted(self) -> list[str]:
        """Tell, once at a start, what the end of the last process has cut off; gives its ids."""
        cut = [row.id for row in self.effects("started")]
        for effect_id in cut:
            self._effect_ended(effect_id, "cancelled", "effect-interrupted")
        return cut

    # -- results

    def put(self, kind: str, key: str, value: object) -> None:
        """Keep what an effect made, as JSON, for later effects and later processes."""
        with self._transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", (self._scope, kind, key, json.dumps(value))
            )
            self._append("result", {"kind": kind, "key": key})

    def get(self, kind: str, key: str) -> Any:
        """What was put, or None."""
        query = "SELECT value FROM results WHERE scope = ? AND kind = ? AND key = ?"
        return next((json.loads(row[0]) for row in self._rows(query, self._scope, kind, key)), None)

    def results(self, kind: str) -> dict[str, Any]:
        """All of a kind, by key."""
        query = "SELECT key, value FROM results WHERE scope = ? AND kind = ? ORDER BY key"
        return {row[0]: json.loads(row[1]) for row in self._rows(query, self._scope, kind)}

    def drop(self, kind: str, key: str) -> None:
        with self._transaction():
            self._database.execute(
                "DELETE FROM results WHERE scope = ? AND kind = ? AND key = ?", (self._scope, kind, key)
            )

    # -- cursors

    def cursor(self, side: Side) -> Any:
        """What was saved last, or None."""
        query = "SELECT value FROM cursors WHERE scope = ? AND side = ?"
        return next((json.loads(row[0]) for row in self._rows(query, self._scope, side)), None)

    def save_cursor(self, side: Side, value: object) -> None:
        with self._transaction():
            self._save_cursor(side, value)

    def rolled_back(self, side: Side, cursor: object, *, forget: Mapping[str, list[str]], alarm: Alarm | None) -> None:
        """Note a reorganisation at one go: the cursor before it, results that hold no more by kind, and an alarm.

        Local work follows from the private chain: where that changed, it is not taken for done any more, and effects
        find by themselves what they made before.
        """
        with self._transaction():
            self._save_cursor(side, cursor)
            if side == "private":
                query = "UPDATE effects SET state = 'cancelled' WHERE scope = ? AND state = 'completed'"
                self._database.execute(query, (self._scope,))
            for kind, keys in forget.items():
                self._database.executemany(
                    "DELETE FROM results WHERE scope = ? AND kind = ? AND key = ?",
                    [(self._scope, kind, key) for key in keys],
                )
            self._append("rolled-back", {"side": side, "cursor": cursor})
            if alarm is not None:
                self._raise(alarm)

    # -- alarms

    def raise_alarm(self, name: str, text: str) -> None:
        """Keep an alarm until an operator clears it; the first text stays."""
        with self._transaction():
            self._raise(Alarm(name, text, time.time()))

    def clear_alarm(self, name: str) -> None:
        """Take an alarm back; nothing happens if there is none of that name."""
        with self._transaction():
            self._database.execute("DELETE FROM alarms WHERE scope = ? AND name = ?", (self._scope, name))

    def alarms(self) -> tuple[Alarm, ...]:
        """Those that nobody has cleared, oldest first."""
        query = "SELECT name, text, since FROM alarms WHERE scope = ? ORDER BY since"
        return tuple(Alarm(*row) for row in self._rows(query, self._scope))

    # -- within

    def _effect_ended(self, effect_id: str, state: EffectStatus, event: str, code: str = "", error: str = "") -> None:
        told = {"effect": effect_id} | ({"code": code, "error": error} if code else {})
        with self._transaction():
            self._database.execute(
                "UPDATE effects SET state = ?, code = ?, error = ?, ended = ? WHERE scope = ? AND id = ?",
                (state, code, error, time.time(), self._scope, effect_id),
            )
            self._append(event, told)

    def _save_cursor(self, side: Side, value: object) -> None:
        row = (self._scope, side, json.dumps(value))
        self._database.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", row)

    def _raise(self, alarm: Alarm) -> None:
        query = "INSERT OR IGNORE INTO alarms VALUES (?, ?, ?, ?)"
        if self._database.execute(query, (self._scope, alarm.name, alarm.text, alarm.since)).rowcount:
            self._append("alarm-raised", {"alarm": alarm.name, "text": alarm.text})
