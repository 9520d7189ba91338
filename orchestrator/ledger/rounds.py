"""Fold of the RoundLedger's records."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.ledger.contributions import accepted_updates, active_updates
from orchestrator.ledger.entities import (
    Due,
    LedgerState,
    Opening,
    Reason,
    Round,
    RoundStatus,
    Update,
    Verdict,
)
from orchestrator.ledger.ids import round_subject
from orchestrator.ledger.records import Record
from orchestrator.ledger.rules import contradiction, demand, put, round_of, update_of
from orchestrator.ledger.schema import integer
from orchestrator.types import Cid, Digest, OrganisationId, UpdateId

ABANDONED = "abandoned"
"""Why a round failed that a quorum of its members wanted to fail."""


def agreement_accepted(state: LedgerState, record: Record) -> LedgerState:
    agreement = Digest(record.fields["agreement_digest"])
    accepted = state.agreements.get(agreement, frozenset()) | {record.signer}
    return state.with_(agreements=put(state.agreements, agreement, accepted))


def round_opened(state: LedgerState, record: Record) -> LedgerState:
    fields, members = record.fields, state.members
    number, terms = fields["round_id"], dict(fields["opening"])
    demand(state.open_round is None, record, f"round {state.open_round} is open")
    demand(number > max(state.rounds, default=0), record, f"round {number} was opened before")
    demand(not members.paused, record, "the consortium is paused")
    waiting = state.awaiting_replacement
    demand(not waiting, record, f"{len(waiting)} revocations wait for their new manifest")
    demand(fields["epoch"] == members.epoch, record, f"the epoch is {members.epoch}")
    for name in ("task_digest", "manifest_digest"):
        demand(fields[name] == terms[name], record, f"it names two values of {name}")
    if missing := state.silent_on(Digest(terms["agreement_digest"]), members.seats):
        contradiction(record, f"{', '.join(missing)} have not accepted the agreement")
    terms["epsilon_cap"] = integer(terms["epsilon_cap"])
    round_ = Round(
        id=number,
        opener=OrganisationId(fields["opener"]),
        opening=Opening(**terms),
        epoch=members.epoch,
        quorum=members.quorum,
        members=members.seats,
        opened=record.position,
    )
    return state.with_(rounds=put(state.rounds, number, round_), open_round=number)


def update_submitted(state: LedgerState, record: Record) -> LedgerState:
    round_, organisation = _participant(state, record)
    submission = dict(record.fields["submission"])
    for name in ("samples", "epsilon"):
        submission[name] = integer(submission[name])
    update = Update(
        id=UpdateId(record.fields["update_id"]),
        round=round_.id,
        organisation=organisation,
        submitted=record.position,
        **submission,
    )
    demand(update.id not in state.updates, record, f"update {update.id} was submitted before")
    demand(update.epsilon <= round_.opening.epsilon_cap, record, f"ε is above the cap {round_.opening.epsilon_cap}")
    updates = put(state.updates, update.id, update)
    for earlier in (updates[item] for item in round_.submissions):
        if earlier.organisation == organisation and earlier.replaced_by is None:
            updates[earlier.id] = replace(earlier, replaced_by=update.id)
    round_ = replace(round_, submissions=(*round_.submissions, update.id))
    return state.with_(updates=updates, rounds=put(state.rounds, round_.id, round_))


def update_replaced(state: LedgerState, record: Record) -> LedgerState:
    """Says what the submission before it implies; nothing is left to do but to compare."""
    previous, current = update_of(state, record, "previous"), update_of(state, record, "current")
    demand(previous.replaced_by == current.id, record, f"{current.id} does not replace {previous.id}")
    return state


def round_passed(state: LedgerState, record: Record) -> LedgerState:
    round_, organisation = _participant(state, record)
    return _stored(state, replace(round_, passed=round_.passed | {organisation}))


def update_released(state: LedgerState, record: Record) -> LedgerState:
    round_, organisation = _participant(state, record)
    update = update_of(state, record)
    demand(update.round == round_.id, record, f"the update is of round {update.round}")
    demand(update.organisation == organisation, record, f"the update is {update.organisation}'s")
    demand(update.replaced_by is None, record, "the update was replaced")
    demand(not update.released, record, "the update was released before")
    released = replace(
        update,
        released=True,
        payload_cid=Cid(record.fields["payload_cid"]),
        header_cid=Cid(record.fields["header_cid"]),
    )
    return state.with_(updates=put(state.updates, update.id, released))


def verdicts_committed(state: LedgerState, record: Record) -> LedgerState:
    round_, organisation = _participant(state, record)
    demand(organisation not in round_.commitments, record, f"{organisation} has committed before")
    commitments = put(round_.commitments, organisation, Digest(record.fields["commitment"]))
    return _stored(state, replace(round_, commitments=commitments))


def verdict_revealed(state: LedgerState, record: Record) -> LedgerState:
    (round_, judge), fields = _participant(state, record), record.fields
    update = update_of(state, record)
    demand(update.round == round_.id, record, f"the update is of round {update.round}")
    demand(judge in round_.commitments, record, f"{judge} has not committed to its verdicts")
    demand(update.released, record, "the update was not released")
    demand(judge not in update.verdicts, record, f"{judge} has judged this update before")
    verdict = Verdict(fields["accept"], fields["weight_cap"], integer(fields["score"]), fields["reason"])
    judged = replace(update, verdicts=put(update.verdicts, judge, verdict))
    state = state.with_(updates=put(state.updates, update.id, judged))
    return state if judge in round_.revealed else _stored(state, replace(round_, revealed=round_.revealed | {judge}))


def round_abandon_supported(state: LedgerState, record: Record) -> LedgerState:
    round_, organisation = _participant(state, record)
    demand(organisation not in round_.abandoners, record, f"{organisation} wanted that before")
    abandoners = round_.abandoners | {organisation}
    demand(record.fields["supporters"] == len(abandoners), record, f"{len(abandoners)} members want it")
    return _stored(state, replace(round_, abandoners=abandoners))


def round_closed(state: LedgerState, record: Record) -> LedgerState:
    round_ = round_of(state, record)
    accepted = len(accepted_updates(state, round_.id))
    released = sum(state.updates[item].released for item in round_.submissions)
    demand(record.fields["accepted"] == accepted, record, f"{accepted} updates are accepted")
    demand(record.fields["released"] == released, record, f"{released} updates were released")
    due = Due(len(state.due) + 1, record.block, round_subject(round_.id), Reason.ROUND_CLOSED)
    active = active_updates(state, round_.id)
    closed = replace(round_, status=RoundStatus.CLOSED, ended=record.position, active=active)
    return _ended(state, closed).with_(due=(*state.due, due))


def round_failed(state: LedgerState, record: Record) -> LedgerState:
    round_, reason = round_of(state, record), record.fields["reason"]
    wanted = len(round_.abandoners) >= round_.quorum
    demand(wanted is (reason == ABANDONED), record, f"{len(round_.abandoners)} members want the round abandoned")
    failed = replace(round_, status=RoundStatus.FAILED, ended=record.position, failure=reason)
    return _ended(state, failed)


def _ended(state: LedgerState, round_: Round) -> LedgerState:
    """The end of a round is when revocations that were approved during it take effect."""
    revocations = {
        key: replace(item, effective=round_.ended) if item.approved and item.effective is None else item
        for key, item in state.revocations.items()
    }
    return _stored(state, round_).with_(open_round=None, revocations=revocations)


def _participant(state: LedgerState, record: Record) -> tuple[Round, OrganisationId]:
    round_ = round_of(state, record)
    organisation = OrganisationId(record.fields["organisation"])
    demand(organisation in round_.members, record, f"{organisation} is not a member of round {round_.id}")
    return round_, organisation


def _stored(state: LedgerState, round_: Round) -> LedgerState:
    return state.with_(rounds=put(state.rounds, round_.id, round_))


HANDLERS = {
    "AgreementAccepted": agreement_accepted,
    "RoundOpened": round_opened,
    "UpdateSubmitted": update_submitted,
    "UpdateReplaced": update_replaced,
    "RoundPassed": round_passed,
    "UpdateReleased": update_released,
    "VerdictsCommitted": verdicts_committed,
    "VerdictRevealed": verdict_revealed,
    "RoundAbandonSupported": round_abandon_supported,
    "RoundClosed": round_closed,
    "RoundFailed": round_failed,
}
