"""What a revocation is about, as people type it."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.disputes.names import one_of
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.contributions import Tasks
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.scope import Scope, chosen_updates
from orchestrator.types import OrganisationId, UpdateId

ALL = "all"
"""In the place of organisations: everybody's."""


def named_updates(
    state: LedgerState,
    tasks: Tasks,
    me: OrganisationId,
    *,
    updates: Sequence[str] = (),
    round_number: int | None = None,
    of: Sequence[str] = (),
) -> tuple[UpdateId, ...]:
    """The contributions that options name, in order.

    Args:
        updates: beginnings of ids, each once or more. round_number, of: in their place; see :class:`Scope`.

    Raises:
        ConfigurationError: an id or name is unknown, both ways are used, or nothing is left to revoke.
    """
    if updates and (round_number is not None or of):
        raise ConfigurationError("contributions are named twice", mend="use --update, or --round and --of")
    chosen = tuple(dict.fromkeys(one_of(state.updates, item, "update") for item in updates))
    return chosen_updates(state, tasks, me, chosen, Scope(round_number, _owners(state, of)))


def _owners(state: LedgerState, named: Sequence[str]) -> tuple[OrganisationId, ...]:
    known = sorted({update.organisation for update in state.updates.values()})
    if ALL in named:
        return tuple(known)
    for name in named:
        if name not in known:
            raise ConfigurationError(f"{name} has no contribution", mend=f"choose of {', '.join((*known, ALL))}")
    return tuple(OrganisationId(name) for name in named)
