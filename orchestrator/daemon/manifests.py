"""The manifest as the daemon needs it: with every task that the ledger names at hand."""

from __future__ import annotations

from orchestrator.daemon.services import Services
from orchestrator.ledger.entities import LedgerState, RoundStatus
from orchestrator.ledger.manifest import Manifest, build_manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Digest, RequestId


def known_tasks(ledger: LedgerState, services: Services) -> dict[Digest, TaskSpec]:
    """Tasks of all rounds that were closed or are open, fetched where they are not at hand yet."""
    for found in ledger.rounds.values():
        if found.status is not RoundStatus.FAILED:
            services.task_of(found)
    return services.tasks


def current_manifest(
    ledger: LedgerState, services: Services, task: TaskSpec, *, ignoring: RequestId | None = None
) -> Manifest:
    """The manifest now, by the rules of ``task``; without the effect of the revocation ``ignoring``, if given."""
    return build_manifest(ledger, task, known_tasks(ledger, services), ignoring=ignoring)
