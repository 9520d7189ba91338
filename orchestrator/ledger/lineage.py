"""Lineage: which updates were trained on top of which contributions, and which training of a lineage one is."""

from __future__ import annotations

from orchestrator.ledger.contributions import (
    Tasks,
    descendants,
    live_contributions,
    on_base,
    parents_of_round,
    task_of,
)
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.records import Position
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import OrganisationId, UpdateId

__all__ = ["descendants", "parents", "training_ordinal"]


def training_ordinal(
    state: LedgerState, task: TaskSpec, tasks: Tasks, me: OrganisationId, *, at: Position | None = None
) -> int:
    """Which training of its lineage a member's next one is, from 1: what its seed follows from (decision 0095).

    ``chained``: one more than the rounds that live contributions are of. ``isolated``: one more than the member's own
    live contributions. Only those on the task's base model count. Rounds that failed, were empty or were revoked count
    for nothing: so a round that is trained again draws what a history without the revoked contributions had drawn.

    Args:
        tasks: those of all rounds that contributed.
        at: the state after the event at this position; the latest by default.
    """
    live = on_base(state, live_contributions(state, tasks, at=at), task.base.digest, tasks)
    if task.lineage == "isolated":
        return 1 + sum(state.updates[item].organisation == me for item in live)
    return 1 + len({state.updates[item].round for item in live})


def parents(state: LedgerState, update_id: UpdateId, tasks: Tasks) -> tuple[UpdateId, ...]:
    """The contributions that an update was trained on top of, in order.

    They are what was live on the round's base model when it opened; with lineage ``isolated``, the member's own last.
    """
    update = state.updates[update_id]
    round_ = state.rounds[update.round]
    live = parents_of_round(state, round_, tasks)
    if task_of(round_, tasks).lineage == "isolated":
        return tuple(item for item in live if state.updates[item].organisation == update.organisation)[-1:]
    return live
