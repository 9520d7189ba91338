"""Lineage: which updates were trained on top of which contributions."""

from __future__ import annotations

from orchestrator.ledger.contributions import Tasks, descendants, parents_of_round, task_of
from orchestrator.ledger.entities import LedgerState
from orchestrator.types import UpdateId

__all__ = ["descendants", "parents"]


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
