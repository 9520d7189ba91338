"""Fold of the requests of members that lack content keys, and of the answers to them."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.ledger.asked import QUIET_BLOCKS, STANDING_BLOCKS, Answer, CatchUp
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.compactions import shareable_objects, wanted_objects
from orchestrator.ledger.contributions import active_updates
from orchestrator.ledger.entities import LedgerState, RoundStatus
from orchestrator.ledger.records import Record
from orchestrator.ledger.rules import contradiction, demand, put
from orchestrator.ledger.schema import integer
from orchestrator.types import Cid, Digest, OrganisationId, UpdateId


def catch_up_asked(state: LedgerState, record: Record) -> LedgerState:
    fields, number = record.fields, integer(record.fields["number"])
    organisation, key = OrganisationId(fields["organisation"]), bytes.fromhex(fields["key"][2:])
    demand(number > max(state.catch_ups, default=0), record, f"request {number} was made before")
    demand(sha256(key) == fields["key_digest"], record, "the digest is not that of the key")
    former = latest_catch_up(state, organisation)
    row = former if former is not None and former.delegate == record.signer and _soon(former, record) else None
    asked = CatchUp(
        number=number,
        organisation=organisation,
        delegate=record.signer,
        key_digest=Digest(fields["key_digest"]),
        key=key,
        ordinal=1 if former is None else former.ordinal + 1,
        streak=1 if row is None else row.streak + 1,
        asked=record.position,
        due=max(record.block + STANDING_BLOCKS, 0 if row is None else row.next_block),
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
    return _latest(state).get(organisation)


def stands(state: LedgerState, asked: CatchUp) -> bool:
    """Whether the others may answer: it is its member's latest, by the delegate that the member still has."""
    return latest_catch_up(state, asked.organisation) == asked and _by_present_delegate(state, asked)


def standing_catch_ups(state: LedgerState) -> tuple[CatchUp, ...]:
    """All requests that the others may answer, in order of their numbers."""
    latest = sorted(_latest(state).values(), key=lambda asked: asked.number)
    return tuple(asked for asked in latest if _by_present_delegate(state, asked))


def shareable(state: LedgerState) -> tuple[UpdateId, ...]:
    """Everything whose content keys members may give each other: contributions, and compactions by their artefact."""
    return (*shareable_updates(state), *(UpdateId(artefact.id) for artefact in shareable_objects(state)))


def needed(state: LedgerState, me: OrganisationId, block: int) -> tuple[UpdateId, ...]:
    """Of that, what a member has to open: all contributions, and compactions that count or wait for its word."""
    return (*shareable_updates(state), *(UpdateId(artefact.id) for artefact in wanted_objects(state, me, block)))


def shareable_updates(state: LedgerState) -> tuple[UpdateId, ...]:
    """Contributions whose content keys members may give each other: active, and in no approved revocation.

    From the approval on, whether it has taken effect or not: nothing that is to be shredded reaches one place more.
    """
    held = {item for revocation in state.revocations.values() if revocation.approved for item in revocation.updates}
    closed = [number for number, found in state.rounds.items() if found.status is RoundStatus.CLOSED]
    return tuple(item for number in sorted(closed) for item in active_updates(state, number) if item not in held)


def _latest(state: LedgerState) -> dict[OrganisationId, CatchUp]:
    return {asked.organisation: asked for asked in state.catch_ups.values()}


def _by_present_delegate(state: LedgerState, asked: CatchUp) -> bool:
    seat = state.members.seats.get(asked.organisation)
    return seat is not None and seat.delegate == asked.delegate


def _soon(former: CatchUp, record: Record) -> bool:
    return record.block - former.asked.block < QUIET_BLOCKS


HANDLERS = {"CatchUpAsked": catch_up_asked, "CatchUpAnswered": catch_up_answered}
