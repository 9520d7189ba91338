"""Whether the open round is a masked one: its task says so, which the machine does not read."""

from __future__ import annotations

import time
from dataclasses import replace

from orchestrator.daemon.manifests import ABSENT_SECONDS
from orchestrator.daemon.services import Services
from orchestrator.errors import FormatError, StorageError
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.masked_rounds import is_masked
from orchestrator.protocol.events import BlockSeen


class MaskedRounds:
    """See the module. Where the task is not at hand nobody knows, and a training without masks is refused as well."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def compared(self, heads: BlockSeen, ledger: LedgerState) -> BlockSeen:
        """The heads with the open round, if it is a masked one."""
        found = None if ledger.open_round is None else ledger.rounds[ledger.open_round]
        if found is None or found.opening.task_digest in self._absent():
            return heads
        try:
            task = self._services.task_of(found)
        except (StorageError, FormatError):
            self._services.absent[found.opening.task_digest] = time.monotonic() + ABSENT_SECONDS
            return heads
        return replace(heads, masked=frozenset({found.id})) if is_masked(task) else heads

    def _absent(self) -> set[str]:
        now = time.monotonic()
        return {name for name, until in self._services.absent.items() if until > now}
