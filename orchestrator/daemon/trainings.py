"""What trainings have cost in privacy so far, and whether what one of them gave may be sealed."""

from __future__ import annotations

from orchestrator.daemon.results import Results
from orchestrator.errors import ProtocolError
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.task import TaskSpec
from orchestrator.participation import Limits, unmet
from orchestrator.types import OrganisationId, ProtectedDelta

SEALED = "sealed"
"""Results of trainings, by round: a dictionary with ``content_commitment`` and ``task_digest`` among others."""

LAYOUT = "secagg-layout"
"""Results: ``words`` and ``layout`` of the updates of a masked round that this member has prepared, by round key."""


def trainings_spent(results: Results, ledger: LedgerState, task: TaskSpec, me: OrganisationId) -> int:
    """Own trainings under a task that cost ε: every update the private chain knows, and every one that was sealed.

    What was sealed for a round that a reorganisation took away may have been seen by others, and the chain no longer
    says so; what a home was restored without, the chain says. So both count, each update once.
    """
    recorded = {
        update.content_commitment
        for update in ledger.updates.values()
        if update.organisation == me and ledger.rounds[update.round].opening.task_digest == task.digest
    }
    sealed = {made["content_commitment"] for made in results.all(SEALED) if made.get("task_digest") == task.digest}
    return len(recorded | sealed)


def check_protection(delta: ProtectedDelta, task: TaskSpec, limits: Limits) -> ProtectedDelta:
    """The delta, if it may be sealed: protected as the task and this organisation want it. A worker may say anything.

    Raises:
        ProtocolError: it is not.
    """
    if reasons := unmet(delta, task, limits):
        raise ProtocolError(
            f"the update is not sent: {'; '.join(reasons)}", mend="see the worker's log and accept.privacy"
        )
    return delta
