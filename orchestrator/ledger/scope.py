"""What a revocation is about: named contributions, those of organisations, or those of one round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.contributions import Tasks, in_order, live_contributions
from orchestrator.ledger.entities import LedgerState
from orchestrator.types import OrganisationId, UpdateId


@dataclass(frozen=True, slots=True)
class Scope:
    """Contributions by where they come from.

    Attributes:
        round: only those of this round; of all rounds without. of: whose; the asker's own without.
    """

    round: int | None = None
    of: tuple[OrganisationId, ...] = ()


OWN = Scope()
"""All own ones."""


def chosen_updates(
    state: LedgerState, tasks: Tasks, me: OrganisationId, updates: Sequence[UpdateId], scope: Scope
) -> tuple[UpdateId, ...]:
    """The contributions that a request is to name, in order.

    Args:
        updates: by their ids; those of ``scope`` without.

    Raises:
        ConfigurationError: one is no live contribution or is being revoked already; or there is none.
    """
    live = live_contributions(state, tasks)
    held = {item: found.id for found in state.revocations.values() if found.approved for item in found.updates}
    free = tuple(item for item in live if item not in held)
    if not updates:
        return _within(state, free, me, scope)
    for update_id in updates:
        if update_id in held:
            raise ConfigurationError(
                f"{update_id} is being revoked by request {held[update_id]}", mend="see `loranchor revoke status`"
            )
        if update_id not in live:
            raise ConfigurationError(
                f"{update_id} is no live contribution", mend="see `loranchor revoke status` and `round status`"
            )
    return in_order(state, updates)


def check_reason(state: LedgerState, me: OrganisationId, updates: Sequence[UpdateId], reason: str) -> None:
    """ConfigurationError where another's contribution is to go, and no reason is given."""
    others = sorted({state.updates[item].organisation for item in updates} - {me})
    if others and not reason.strip():
        raise ConfigurationError(
            f"an update of {', '.join(others)} is revoked for a reason only", mend="give a code with --reason"
        )


def _within(state: LedgerState, free: Sequence[UpdateId], me: OrganisationId, scope: Scope) -> tuple[UpdateId, ...]:
    owners = scope.of or (me,)
    found = tuple(
        item
        for item in free
        if state.updates[item].organisation in owners and scope.round in (None, state.updates[item].round)
    )
    if not found:
        where = "" if scope.round is None else f" to round {scope.round}"
        have = "has" if len(owners) == 1 else "have"
        raise ConfigurationError(
            f"{', '.join(owners)} {have} no live contribution{where}", mend="see `loranchor round status`"
        )
    return found
