"""The manifest as the daemon needs it: with every task that the ledger names at hand."""

from __future__ import annotations

import time

from orchestrator.daemon.services import Services
from orchestrator.errors import FormatError, StorageError
from orchestrator.ledger.contributions import contributing_rounds
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.manifest import Manifest, build_manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Digest, RequestId

ABSENT_SECONDS = 300.0
"""A task that bears on nothing yet and was nowhere is not asked for meanwhile: each time takes a minute."""


def known_tasks(ledger: LedgerState, services: Services) -> dict[Digest, TaskSpec]:
    """Tasks of all rounds that bear on manifests, fetched where they are not at hand yet, and the others at hand.

    Any member can open a round under a task that nobody can read, so that only contributions make a task necessary.
    """
    needed = contributing_rounds(ledger)
    for found in needed:
        services.task_of(found, keep=True)
    for found in () if needed else ledger.rounds.values():
        digest, now = found.opening.task_digest, time.monotonic()
        if digest in services.tasks or services.absent.get(digest, 0.0) > now:
            continue
        try:
            services.task_of(found)
        except (StorageError, FormatError):
            services.absent[digest] = time.monotonic() + ABSENT_SECONDS
    return services.tasks


def current_manifest(
    ledger: LedgerState, services: Services, task: TaskSpec, *, ignoring: RequestId | None = None
) -> Manifest:
    """The manifest now, by the rules of ``task``; without the effect of the revocation ``ignoring``, if given."""
    return build_manifest(ledger, task, known_tasks(ledger, services), ignoring=ignoring)
