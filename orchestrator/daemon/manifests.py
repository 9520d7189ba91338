"""The manifest as the daemon needs it: with every task that the ledger names at hand."""

from __future__ import annotations

from contextlib import suppress

from orchestrator.daemon.services import Services
from orchestrator.errors import FormatError, StorageError
from orchestrator.ledger.contributions import contributing_rounds
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.manifest import Manifest, build_manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Digest, RequestId


def known_tasks(ledger: LedgerState, services: Services) -> dict[Digest, TaskSpec]:
    """Tasks of all rounds that bear on manifests, fetched where they are not at hand yet, and the others at hand.

    Any member can open a round under a task that nobody can read, so that only contributions make a task necessary.
    """
    needed = contributing_rounds(ledger)
    for found in needed:
        services.task_of(found)
    for found in () if needed else ledger.rounds.values():
        with suppress(StorageError, FormatError):
            services.task_of(found)
    return services.tasks


def current_manifest(
    ledger: LedgerState, services: Services, task: TaskSpec, *, ignoring: RequestId | None = None
) -> Manifest:
    """The manifest now, by the rules of ``task``; without the effect of the revocation ``ignoring``, if given."""
    return build_manifest(ledger, task, known_tasks(ledger, services), ignoring=ignoring)
