"""Counts of what the journal tells, for metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from orchestrator.daemon.seams import Journal

STORAGE_CODES = ("StorageError", "ObjectMissing")
_CHUNK = 1000


class Tally:
    """Counts the journal's events since its beginning, each once."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self._last = journal, 0
        self.failures: Counter[tuple[str, str]] = Counter()
        self.ended: Counter[str] = Counter()
        self.pins: Counter[str] = Counter()
        self.given: Counter[str] = Counter()
        self.rollbacks: Counter[str] = Counter({"private": 0, "public": 0})

    def update(self) -> None:
        """Take in what is new."""
        while found := self._journal.events(after=self._last, limit=_CHUNK):
            for item in found:
                self._take(str(item["event"]), item)
            self._last = int(found[-1]["number"])

    def _take(self, event: str, facts: Mapping[str, object]) -> None:
        kind, code = str(facts.get("effect", "")).partition("/")[0], str(facts.get("code", ""))
        if event == "effect-completed":
            self.ended[kind] += 1
        elif event == "effect-failed":
            self.failures[kind, code] += 1
            if kind in ("collect", "shred") and code in STORAGE_CODES:
                self.pins[code] += 1
        elif event == "update-refused" and code in STORAGE_CODES:
            self.pins[code] += 1
        elif event == "catch-up-answered":
            self.given[str(facts.get("asker", ""))] += int(str(facts.get("keys", 0)))
        elif event == "rolled-back":
            self.rollbacks[str(facts.get("side", ""))] += 1
