"""Rounds that are trained again: how many a replay asks for, who takes part in them, and how far it has come.

What a replay takes out beyond the revoked contributions is what others trained on top of them. Ordinary rounds take
its place: no certificate waits for them, and nobody is made to take part (decision 0095).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.ledger.contributions import (
    Tasks,
    active_updates,
    contributing_rounds,
    effective_revocations,
    live_contributions,
    taken_out,
    task_of,
)
from orchestrator.ledger.entities import LedgerState, Mode, Revocation, Round
from orchestrator.ledger.manifest import governing_task
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import OrganisationId, RequestId

Needed = tuple[tuple[OrganisationId, ...], ...]
"""Of each round to be trained again, in order, the members whose contributions left the model with it."""


@dataclass(frozen=True, slots=True)
class Retrained:
    """A round that was closed in the place of one that a replay has emptied.

    Attributes:
        missing: members whose contributions left with the emptied round, and who have none in this one.
    """

    round: int
    missing: tuple[OrganisationId, ...]


@dataclass(frozen=True, slots=True)
class Again:
    """What a revocation asks to be trained again, and what was."""

    needed: Needed
    done: tuple[Retrained, ...] = ()

    @property
    def left(self) -> int:
        """Rounds that are still to be trained again."""
        return len(self.needed) - len(self.done)


def to_train_again(state: LedgerState, revocation: Revocation, tasks: Tasks) -> Needed:
    """What a revocation that has taken effect asks to be trained again; nothing where its mode is no ``replay``.

    With lineage ``chained`` a round is trained again when somebody's contribution to it left that was not itself
    revoked: one that only revoked contributions were in is none of a history without them. With ``isolated`` members
    train apart, so the rounds are as many as the member needs that lost most.
    """
    if revocation.mode is not Mode.REPLAY or revocation.effective is None:
        return ()
    before = set(live_contributions(state, tasks, at=revocation.effective, ignoring=revocation.id))
    left = before & (taken_out(state, revocation, tasks) - set(revocation.updates))
    owners = [(state.updates[item].round, state.updates[item].organisation) for item in left]
    task = governing_task(state, tasks, at=revocation.effective)
    if task is not None and task.lineage == "isolated":
        counts = Counter(owner for _, owner in owners)
        most = max(counts.values(), default=0)
        return tuple(tuple(sorted(name for name in counts if counts[name] > place)) for place in range(most))
    rounds = sorted({number for number, _ in owners})
    return tuple(tuple(sorted(owner for number, owner in owners if number == chosen)) for chosen in rounds)


def trained_again(state: LedgerState, tasks: Tasks) -> Mapping[RequestId, Again]:
    """Of every revocation in effect. A round stands for one emptied round: of the oldest request that lacks one.

    What a later replay has taken out of such a round again is what that replay asks for.
    """
    found = {item.id: Again(to_train_again(state, item, tasks)) for item in _in_order(state)}
    for round_ in contributing_rounds(state):
        chosen = next(
            (item for item in _in_order(state) if found[item.id].left and _serves(state, round_, item, tasks)), None
        )
        if chosen is not None:
            again = found[chosen.id]
            missing = _missing(state, round_, again.needed[len(again.done)])
            found[chosen.id] = Again(again.needed, (*again.done, Retrained(round_.id, missing)))
    return found


def rounds_since(state: LedgerState, revocation: Revocation, tasks: Tasks) -> tuple[int, ...]:
    """Rounds on the same base model that were opened since a revocation took effect, and contributed: of a ``heal``,
    its recovery."""
    return tuple(item.id for item in contributing_rounds(state) if _serves(state, item, revocation, tasks))


def _serves(state: LedgerState, round_: Round, revocation: Revocation, tasks: Tasks) -> bool:
    effective = revocation.effective
    if effective is None or round_.opened <= effective:
        return False
    task: TaskSpec | None = governing_task(state, tasks, at=effective)
    return task is not None and task_of(round_, tasks).base.digest == task.base.digest


def _missing(state: LedgerState, round_: Round, needed: tuple[OrganisationId, ...]) -> tuple[OrganisationId, ...]:
    present = {state.updates[item].organisation for item in active_updates(state, round_.id)}
    return tuple(name for name in needed if name not in present)


def _in_order(state: LedgerState) -> list[Revocation]:
    return sorted(effective_revocations(state), key=lambda item: (item.effective, item.requested))
