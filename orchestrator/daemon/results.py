"""What heavy effects made, each computed once: kept in the journal under a key that says what it was made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.daemon.journal import Journal
from orchestrator.ledger.canonical import digest
from orchestrator.ledger.contributions import released_updates
from orchestrator.ledger.entities import LedgerState, Revocation, Round


class Results:
    """Results by kind and key, in JSON. Threads may share it, each with keys of its own.

    What was computed while the disk was full waits in memory, so that it is not computed again.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._waiting: dict[tuple[str, str], Any] = {}

    def find(self, kind: str, key: str) -> Any:
        """What was kept, or None."""
        return self._journal.get(kind, key)

    def of_round(self, kind: str, number: int) -> list[Any]:
        """All of a kind that were made for a round of that number, on this chain as it is or as it was."""
        return [value for key, value in self._journal.results(kind).items() if key.startswith(f"{number}/")]

    def all(self, kind: str) -> list[Any]:
        """All of a kind, on this chain as it is or as it was; also what waits for the disk."""
        kept = self._journal.results(kind)
        return [
            *kept.values(),
            *(value for (of, key), value in list(self._waiting.items()) if of == kind and key not in kept),
        ]

    def once(self, kind: str, key: str, compute: Callable[[], Any]) -> Any:
        """What was kept, or what is computed and kept now.

        Raises:
            DiskError: it could not be kept; asked again, it is not computed again.
        """
        kept = self._journal.get(kind, key)
        if kept is not None:
            return kept
        if (kind, key) not in self._waiting:
            self._waiting[kind, key] = compute()
        value = self._waiting[kind, key]
        self._journal.put(kind, key, value)
        del self._waiting[kind, key]
        return value


def round_key(found: Round) -> str:
    """The round with all that an update for it is made from; another round of the same number has another key."""
    recipients = {name: prekey.digest for name, prekey in found.recipients.items()}
    named = [found.opening.manifest_digest, found.opening.task_digest, recipients]
    return f"{found.id}/{digest({'round': named})}"


def verdicts_key(ledger: LedgerState, number: int) -> str:
    """The round with the updates that are judged in it."""
    released = released_updates(ledger, number)
    named = [[item.id, item.ciphertext_digest, item.header_digest, item.payload_cid or ""] for item in released]
    return f"{number}/{digest({'round': round_key(ledger.rounds[number]), 'updates': named})}"


def measure_key(revocation: Revocation) -> str:
    """The request with the place where it took effect."""
    assert revocation.effective is not None  # nothing is measured before
    return f"{revocation.id}/{revocation.effective.block}"
