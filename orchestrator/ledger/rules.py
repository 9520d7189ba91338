"""Helpers of the fold: who may have acted, and what is said when a record contradicts what came before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn, TypeVar

from orchestrator.errors import ProtocolError
from orchestrator.ledger.entities import LedgerState, Members, Revocation, Round, RoundStatus, Update
from orchestrator.ledger.records import Record
from orchestrator.ledger.schema import kind_of
from orchestrator.types import Address, OrganisationId, RequestId, UpdateId

K = TypeVar("K")
V = TypeVar("V")

BY_AUTHORITY = frozenset({"AgreementAccepted"})


def contradiction(record: Record, message: str) -> NoReturn:
    """The contracts prevent this, so a node that tells it lies or mixes two chains."""
    raise ProtocolError(
        f"{record.name} contradicts the ledger: {message}", mend="compare with another node of the private chain"
    )


def demand(condition: bool, record: Record, message: str) -> None:
    if not condition:
        contradiction(record, message)


def put(mapping: Mapping[K, V], key: K, value: V) -> dict[K, V]:
    """A copy of ``mapping`` with one entry set."""
    return {**mapping, key: value}


def sender_of(members: Members, kind: str, signer: Address) -> OrganisationId | str:
    """Who a record names as its sender: the organisation whose delegate signed; empty for the deployer and authorities.

    Raises:
        ProtocolError: a record that only a delegate can make was not signed by one.
    """
    if not kind_of(kind).salted or kind in BY_AUTHORITY:
        return ""
    organisation = members.organisation_of(signer)
    if organisation is None:
        raise ProtocolError(f"{kind} was sent by {signer}, which is no member's delegate")
    return organisation


def check_sender(state: LedgerState, record: Record) -> None:
    """A transaction counts only if its sender recovers from its raw signature and was entitled to send it."""
    kind = kind_of(record.kind)
    expected = sender_of(state.members, record.kind, record.signer)
    demand(record.sender == expected, record, f"the sender is {record.sender!r}, its signature says {expected!r}")
    if kind.actor:
        actor = record.fields[kind.actor]
        demand(actor == expected, record, f"{actor} acted, but the signature is of {expected}")
    if record.kind in BY_AUTHORITY:
        seat = state.members.seats.get(record.fields["organisation"])
        demand(seat is not None and seat.authority == record.signer, record, "the signer is not the authority")


def round_of(state: LedgerState, record: Record) -> Round:
    """The open round that the record is about."""
    number = record.fields["round_id"]
    found = state.rounds.get(number)
    if found is None or found.status is not RoundStatus.OPEN:
        contradiction(record, f"round {number} is not open")
    return found


def update_of(state: LedgerState, record: Record, name: str = "update_id") -> Update:
    """The update that the record is about."""
    found = state.updates.get(UpdateId(record.fields[name]))
    if found is None:
        contradiction(record, f"no update {record.fields[name]}")
    return found


def revocation_of(state: LedgerState, record: Record) -> Revocation:
    """The request that the record is about."""
    found = state.revocations.get(RequestId(record.fields["request_id"]))
    if found is None:
        contradiction(record, f"no revocation request {record.fields['request_id']}")
    return found
