"""Requests for content keys that were made in this member's name, compared with the keystore (decision 0037)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from orchestrator.daemon.alarms import FOREIGN_CATCH_UP
from orchestrator.daemon.services import Services
from orchestrator.ledger.asked import CatchUp
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol.events import BlockSeen
from orchestrator.types import Digest

_log = logging.getLogger(__name__)

TOLD = "foreign-catch-up"
"""Kind of the journal's results: by the digest of the request's key, who had answered when the operator was told."""

_WHO = (
    "its one-time key was never in this keystore: somebody else can sign for the delegate (a thief, or a second"
    " daemon), or it was made before this home was restored from a backup"
)
_MEND = "have the authority rotate the delegate at once, then clear the alarm"


class ForeignRequests:
    """Finds requests of which the answers open elsewhere only, and tells the operator, once of each."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._judged: dict[Digest, bool] = {}
        self._told: dict[str, list[str]] = services.journal.results(TOLD)

    def compared(self, heads: BlockSeen, ledger: LedgerState) -> BlockSeen:
        """The heads with those requests. A key is in the keystore before the chain knows it.

        Raises:
            DiskError: the operator cannot be told now.
        """
        mine = [asked for asked in ledger.catch_ups.values() if asked.organisation == self._services.me]
        foreign = [asked for asked in mine if self._foreign(asked.key_digest)]
        if foreign:
            self._tell(foreign)
        return replace(heads, foreign_requests=frozenset(asked.number for asked in foreign))

    def _foreign(self, digest: Digest) -> bool:
        """Asked once: a keystore takes in no key that another has made."""
        if digest not in self._judged:
            with self._services.lock:
                self._judged[digest] = not self._services.keystore.had_prekey(digest)
        return self._judged[digest]

    def _tell(self, foreign: Sequence[CatchUp]) -> None:
        journal = self._services.journal
        news = [asked for asked in foreign if self._told.get(asked.key_digest) != [*asked.answers]]
        if not news:
            return
        text = _text(news)
        _log.warning("%s: %s", FOREIGN_CATCH_UP, text)
        if any(asked.answers for asked in news):
            journal.clear_alarm(FOREIGN_CATCH_UP)  # that keys are gone is to be read, whatever was said before
        journal.raise_alarm(FOREIGN_CATCH_UP, text)
        for asked in news:
            journal.put(TOLD, asked.key_digest, [*asked.answers])
            self._told[asked.key_digest] = [*asked.answers]


def _text(news: Sequence[CatchUp]) -> str:
    numbers = ", ".join(str(asked.number) for asked in news)
    answerers = dict.fromkeys(name for asked in news for name in asked.answers)
    what = f"request {numbers} for content keys in this organisation's name: {_WHO}"
    if answerers:
        return f"{what}; {', '.join(answerers)} gave whoever asked all content keys that counted then; {_MEND}"
    return f"{what}; nobody has answered, and this daemon supersedes each before it is due; {_MEND}"
