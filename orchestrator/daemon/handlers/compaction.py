"""Effects of a compaction: compare the object with one's own sum, and say so on the chain."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from orchestrator.compaction.examining import examine
from orchestrator.daemon.handlers.job import Job
from orchestrator.daemon.manifests import known_tasks
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState

_log = logging.getLogger(__name__)


def compare(services: Services, state: NodeState, effect: fx.CompareCompaction) -> Job:
    """Endorse an object with the difference that was found, or dispute it with the reason; either counts for ever."""
    artefact = state.ledger.artefacts[effect.artefact_id]
    tasks = known_tasks(state.ledger, services)

    def job() -> None:
        services.check_signing()  # before minutes are spent
        services.figures.status("comparing", compaction=artefact.id)
        with tempfile.TemporaryDirectory(prefix="loranchor-compare-") as scratch:
            found = examine(services, state.ledger, artefact, tasks, Path(scratch))
        registry = services.private.artefacts
        if found.fault is not None:
            _log.warning("compaction %s is not what it is proposed as: %s", artefact.id, found.fault)
            call = registry.dispute(artefact.id, found.fault.value, leaf_salt())
        else:
            call = registry.endorse(artefact.id, found.deviation, leaf_salt())
        services.send_private(call)
        services.journal.write(
            "compaction-compared", artefact=artefact.id, deviation=found.deviation, fault=found.fault or ""
        )
        services.figures.status("compared", compaction=artefact.id)

    return job


def settle(services: Services, state: NodeState, effect: fx.SettleCompaction) -> None:
    """Have the contract count the members of the present epoch."""
    services.send_private(services.private.artefacts.settle(effect.artefact_id, leaf_salt()))
