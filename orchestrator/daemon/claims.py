"""What members have recorded of revocations, compared with what this node computes from the records."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.commitment.certificate import Outcome, outcome_of
from orchestrator.daemon.manifests import known_tasks
from orchestrator.daemon.services import Services
from orchestrator.errors import ProtocolError, StorageError
from orchestrator.ledger.entities import LedgerState, Revocation
from orchestrator.protocol.events import BlockSeen
from orchestrator.types import RequestId

PATIENCE = 8
"""Private blocks until a task that was not to be had is asked for again."""


class Claims:
    """Computes the outcome of each revocation once: it is that of the position where the revocation took effect."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._outcomes: dict[RequestId, Outcome] = {}
        self._retry_at = 0

    def compared(self, heads: BlockSeen, ledger: LedgerState) -> BlockSeen:
        """The heads with the requests whose last record is wrong. What cannot be computed now is not said to be."""
        affected, replacement = set(), set()
        for revocation in filter(_open_claims, ledger.revocations.values()):
            outcome = self._outcome(ledger, revocation, heads.private_block)
            if outcome is None:
                continue
            if sorted(revocation.affected or ()) != sorted(outcome.descendants):
                affected.add(revocation.id)
            if revocation.replacement not in (None, outcome.after):
                replacement.add(revocation.id)
        return replace(heads, affected_wrong=frozenset(affected), replacement_wrong=frozenset(replacement))

    def _outcome(self, ledger: LedgerState, revocation: Revocation, block: int) -> Outcome | None:
        """None while a task is not to be had, which is not asked for in every block."""
        if revocation.id not in self._outcomes and block >= self._retry_at:
            try:
                tasks = known_tasks(ledger, self._services)
                self._outcomes[revocation.id] = outcome_of(ledger, revocation.id, tasks)
            except (StorageError, ProtocolError):
                self._retry_at = block + PATIENCE
        return self._outcomes.get(revocation.id)


def _open_claims(revocation: Revocation) -> bool:
    """Whether something is recorded that can still be corrected."""
    recorded = revocation.affected is not None and revocation.verified is None
    return recorded and revocation.mode.recomputable
