"""The member's prekeys on the chain, compared with those that its keystore can open."""

from __future__ import annotations

import logging
from dataclasses import replace

from orchestrator.daemon.services import Services
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol.events import BlockSeen
from orchestrator.types import Digest

_log = logging.getLogger(__name__)


class Prekeys:
    """Finds unused prekeys that are not in the keystore: of a thief of the delegate's key, or lost with a keystore."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._own: frozenset[Digest] = frozenset()
        self._told = 1

    def compared(self, heads: BlockSeen, ledger: LedgerState) -> BlockSeen:
        """The heads with the prekeys that nobody here can open. A key is in the keystore before the chain knows it."""
        published = ledger.prekeys.get(self._services.me, {}).values()
        unused = frozenset(prekey.digest for prekey in published if prekey.unused)
        if not unused <= self._own:
            with self._services.lock:
                self._own = frozenset(self._services.keystore.prekeys())
        foreign = unused - self._own
        if foreign:
            self._tell(ledger)
        return replace(heads, foreign_prekeys=foreign)

    def _tell(self, ledger: LedgerState) -> None:
        """Say once for each time that taking prekeys back did not help: nothing that this node does will end it."""
        last = ledger.discardings.get(self._services.me)
        streak = 1 if last is None else last.streak
        if streak > 1 and streak != self._told:
            _log.warning(
                "prekeys of %s were taken back %d times in a row, and others are there that this keystore cannot open:"
                " does a second daemon of it run, or has somebody its delegate's key?",
                self._services.me,
                streak,
            )
        self._told = streak
