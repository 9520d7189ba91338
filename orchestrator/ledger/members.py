"""Fold of the private Consortium's records."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.ledger.entities import LedgerState, Member
from orchestrator.ledger.records import Record
from orchestrator.ledger.rules import contradiction, demand, put
from orchestrator.types import Address, OrganisationId

NO_ADDRESS = Address("0x" + "00" * 20)


def member_added(state: LedgerState, record: Record) -> LedgerState:
    organisation = OrganisationId(record.fields["organisation"])
    demand(organisation not in state.members.seats, record, f"{organisation} is a member already")
    return _seated(state, Member(organisation, Address(record.fields["authority"]), NO_ADDRESS))


def member_removed(state: LedgerState, record: Record) -> LedgerState:
    seat = _seat(state, record)
    seats = {name: other for name, other in state.members.seats.items() if name != seat.organisation}
    return state.with_(members=replace(state.members, seats=seats))


def authority_replaced(state: LedgerState, record: Record) -> LedgerState:
    seat = _seat(state, record)
    demand(seat.authority == record.fields["previous"], record, f"the authority was {seat.authority}")
    return _seated(state, replace(seat, authority=Address(record.fields["current"])))


def delegate_rotated(state: LedgerState, record: Record) -> LedgerState:
    seat = _seat(state, record)
    demand(seat.delegate == record.fields["previous"], record, f"the delegate was {seat.delegate}")
    return _seated(state, replace(seat, delegate=Address(record.fields["current"])))


def quorum_changed(state: LedgerState, record: Record) -> LedgerState:
    demand(state.members.quorum == record.fields["previous"], record, f"the quorum was {state.members.quorum}")
    return state.with_(members=replace(state.members, quorum=record.fields["current"]))


def epoch_advanced(state: LedgerState, record: Record) -> LedgerState:
    fields, members = record.fields, state.members
    demand(fields["epoch"] == members.epoch + 1, record, f"the epoch was {members.epoch}")
    demand(int(fields["members"]) == len(members.seats), record, f"there are {len(members.seats)} members")
    demand(members.epoch == 0 or fields["quorum"] == members.quorum, record, f"the quorum is {members.quorum}")
    advanced = replace(
        members, epoch=fields["epoch"], quorum=fields["quorum"], consortium_digest=fields["consortium_digest"]
    )
    return state.with_(members=advanced)


def paused(state: LedgerState, record: Record) -> LedgerState:
    return state.with_(members=replace(state.members, paused=record.kind == "Paused"))


def _seat(state: LedgerState, record: Record) -> Member:
    seat = state.members.seats.get(OrganisationId(record.fields["organisation"]))
    if seat is None:
        contradiction(record, f"{record.fields['organisation']} is not a member")
    return seat


def _seated(state: LedgerState, seat: Member) -> LedgerState:
    return state.with_(members=replace(state.members, seats=put(state.members.seats, seat.organisation, seat)))


HANDLERS = {
    "MemberAdded": member_added,
    "MemberRemoved": member_removed,
    "AuthorityReplaced": authority_replaced,
    "DelegateRotated": delegate_rotated,
    "QuorumChanged": quorum_changed,
    "EpochAdvanced": epoch_advanced,
    "Paused": paused,
    "Resumed": paused,
}
