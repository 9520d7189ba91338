"""Fold of the requests of members that lack content keys, and of the answers to them."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.ledger.asked import Answer, CatchUp
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.records import Record
from orchestrator.ledger.rules import contradiction, demand, put
from orchestrator.ledger.schema import integer
from orchestrator.types import Cid, Digest, OrganisationId


def catch_up_asked(state: LedgerState, record: Record) -> LedgerState:
    fields, number = record.fields, integer(record.fields["number"])
    organisation, key = OrganisationId(fields["organisation"]), bytes.fromhex(fields["key"][2:])
    demand(number > max(state.catch_ups, default=0), record, f"request {number} was made before")
    demand(sha256(key) == fields["key_digest"], record, "the digest is not that of the key")
    former = latest_catch_up(state, organisation)
    asked = CatchUp(
        number=number,
        organisation=organisation,
        delegate=record.signer,
        key_digest=Digest(fields["key_digest"]),
        key=key,
        ordinal=1 if former is None else former.ordinal + 1,
        asked=record.position,
    )
    return state.with_(catch_ups=put(state.catch_ups, number, asked))


def catch_up_answered(state: LedgerState, record: Record) -> LedgerState:
    fields, number = record.fields, integer(record.fields["number"])
    organisation, asked = OrganisationId(fields["organisation"]), state.catch_ups.get(number)
    if asked is None:
        contradiction(record, f"there is no request {number}")
    demand(stands(state, asked), record, f"request {number} does not stand any more")
    demand(organisation != asked.organisation, record, f"{organisation} answers itself")
    demand(organisation not in asked.answers, record, f"{organisation} has answered request {number} before")
    answer = Answer(Digest(fields["object_digest"]), Cid(fields["cid"]), record.position)
    answered = replace(asked, answers=put(asked.answers, organisation, answer))
    return state.with_(catch_ups=put(state.catch_ups, number, answered))


def latest_catch_up(state: LedgerState, organisation: OrganisationId) -> CatchUp | None:
    """The organisation's last request, standing or not."""
    found = [asked for asked in state.catch_ups.values() if asked.organisation == organisation]
    return found[-1] if found else None


def stands(state: LedgerState, asked: CatchUp) -> bool:
    """Whether the others may answer: it is its member's latest, by the delegate that the member still has."""
    seat = state.members.seats.get(asked.organisation)
    return seat is not None and seat.delegate == asked.delegate and latest_catch_up(state, seat.organisation) == asked


def standing_catch_ups(state: LedgerState) -> tuple[CatchUp, ...]:
    """All requests that the others may answer, in order of their numbers."""
    return tuple(asked for asked in state.catch_ups.values() if stands(state, asked))


HANDLERS = {"CatchUpAsked": catch_up_asked, "CatchUpAnswered": catch_up_answered}
