"""What members have recorded of revocations, compared with what this node computes from the records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.commitment.certificate import Outcome, build_certificate, digest_of, outcome_of
from orchestrator.daemon.manifests import known_tasks
from orchestrator.daemon.services import Services
from orchestrator.errors import ProtocolError, StorageError
from orchestrator.ledger.entities import LedgerState, Revocation
from orchestrator.protocol.events import BlockSeen
from orchestrator.types import Digest, RequestId

PATIENCE = 8
"""Private blocks until a task that was not to be had is asked for again."""


class Claims:
    """Computes the outcome of each revocation once: it is that of the position where the revocation took effect."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._outcomes: dict[RequestId, Outcome] = {}
        self._certificates: dict[RequestId, Digest] = {}
        self._retry_at = 0

    def forget(self) -> None:
        """Compute all anew: the records have changed."""
        self._outcomes.clear()
        self._certificates.clear()

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
        return replace(
            heads,
            affected_wrong=frozenset(affected),
            replacement_wrong=frozenset(replacement),
            stale_endorsements=frozenset(self._stale(ledger, heads.private_block)),
        )

    def _stale(self, ledger: LedgerState, block: int) -> Iterator[RequestId]:
        """Requests of which this node has endorsed another certificate than its records give since.

        It had not seen figures that were recorded before its endorsement, or before the first one. No others change the
        certificate after that, so it is computed once.
        """
        for revocation in ledger.revocations.values():
            mine = revocation.endorsements.get(self._services.me)
            if mine is None or revocation.certificate is not None:
                continue
            if self._certificate(ledger, revocation.id, block) not in (None, mine.certificate_digest):
                yield revocation.id

    def _certificate(self, ledger: LedgerState, request_id: RequestId, block: int) -> Digest | None:
        """None while a task is not to be had, as below."""
        if request_id not in self._certificates and block >= self._retry_at:
            consortium_id = self._services.private.deployment.consortium_id
            try:
                tasks = known_tasks(ledger, self._services)
                document = build_certificate(ledger, request_id, tasks, consortium_id=consortium_id)
                self._certificates[request_id] = digest_of(document)
            except (StorageError, ProtocolError):
                self._retry_at = block + PATIENCE
        return self._certificates.get(request_id)

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
    return revocation.affected is not None and revocation.verified is None
