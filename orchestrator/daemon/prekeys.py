"""The member's prekeys on the chain, compared with those that its keystore can open."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.daemon.services import Services
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol.events import BlockSeen
from orchestrator.types import Digest


class Prekeys:
    """Finds unused prekeys that are not in the keystore: of a thief of the delegate's key, or lost with a keystore."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._own: frozenset[Digest] = frozenset()

    def compared(self, heads: BlockSeen, ledger: LedgerState) -> BlockSeen:
        """The heads with the prekeys that nobody here can open. A key is in the keystore before the chain knows it."""
        published = ledger.prekeys.get(self._services.me, {}).values()
        unused = frozenset(prekey.digest for prekey in published if prekey.unused)
        if not unused <= self._own:
            with self._services.lock:
                self._own = frozenset(self._services.keystore.prekeys())
        return replace(heads, foreign_prekeys=unused - self._own)
