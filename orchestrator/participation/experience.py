"""What past rounds tell: their awards from the chain's records, their costs from the organisation's own notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.ledger.awards import awards
from orchestrator.ledger.contributions import Tasks, active_updates, task_of
from orchestrator.ledger.entities import LedgerState, Round, RoundStatus
from orchestrator.ledger.task import TaskSpec
from orchestrator.participation.account import Account
from orchestrator.participation.policy import Decision, Outcome, Situation
from orchestrator.types import Digest, OrganisationId


@dataclass(frozen=True, slots=True)
class Note:
    """What was decided about one round, and on what. ``data``: digest of the data there were then."""

    situation: Situation
    data: Digest
    decision: Decision


def outcomes(
    notes: Sequence[Note], ledger: LedgerState, tasks: Tasks, me: OrganisationId, account: Account
) -> tuple[Outcome, ...]:
    """What came of every noted decision whose round has ended, in order of the rounds."""
    found = []
    for note in sorted(notes, key=lambda item: item.situation.round):
        round_ = ledger.rounds.get(note.situation.round)
        if round_ is not None and round_.status is not RoundStatus.OPEN:
            own = earned(ledger, round_, tasks).get(me, 0) if note.decision.take_part else 0
            found.append(Outcome(note.situation, note.decision.take_part, account.worth(own)))
    return tuple(found)


def situation_of(
    found: Round,
    task: TaskSpec,
    data: Digest,
    *,
    notes: Sequence[Note],
    ledger: LedgerState,
    tasks: Tasks,
    me: OrganisationId,
    account: Account,
) -> Situation:
    """How an open round looks to this organisation, whose data have the digest ``data`` now."""
    taken = [note for note in notes if note.decision.take_part and note.situation.round < found.id]
    recent = [note for note in taken if note.situation.round > found.id - account.budget_rounds]
    spent = sum(note.situation.cost for note in recent)
    return Situation(
        round=found.id,
        cost=account.cost(task),
        left=None if account.budget is None else max(account.budget - spent, 0),
        repeats=sum(note.data == data for note in taken),
        expected=_expected(found, task, ledger, tasks, me, account),
    )


def earned(ledger: LedgerState, round_: Round, tasks: Tasks) -> Mapping[OrganisationId, int]:
    """What each organisation earned in an ended round, by the rule of awards; who got nothing is not there."""
    if round_.status is not RoundStatus.CLOSED or not active_updates(ledger, round_.id):
        return {}
    total: dict[OrganisationId, int] = {}
    for award in awards(ledger, round_.id, task_of(round_, tasks).per_round):
        owner = ledger.updates[award.update_id].organisation
        total[owner] = total.get(owner, 0) + award.amount
    return total


def _expected(
    found: Round, task: TaskSpec, ledger: LedgerState, tasks: Tasks, me: OrganisationId, account: Account
) -> int:
    """Mean over the last closed rounds of what a contribution earned: the own one where there was one, else the mean of
    those who earned. An equal share of what the round pays while there is no such round."""
    past = [item for item in ledger.rounds.values() if item.id < found.id and item.status is RoundStatus.CLOSED]
    newest = sorted(past, key=lambda item: item.id)[-account.window :]
    known = [share for item in newest if (share := _share(ledger, item, tasks, me)) is not None]
    if not known:
        return account.worth(task.per_round // max(len(found.members), 1))
    return account.worth(sum(known) // len(known))


def _share(ledger: LedgerState, round_: Round, tasks: Tasks, me: OrganisationId) -> int | None:
    paid = earned(ledger, round_, tasks)
    if any(ledger.updates[item].organisation == me for item in round_.submissions):
        return paid.get(me, 0)
    return sum(paid.values()) // len(paid) if paid else None
