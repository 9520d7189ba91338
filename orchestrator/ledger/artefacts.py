"""Fold of the ArtefactRegistry's records."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.ledger.entities import Artefact, LedgerState
from orchestrator.ledger.records import Record
from orchestrator.ledger.rules import contradiction, demand, put
from orchestrator.ledger.schema import integer
from orchestrator.types import ArtefactId, Cid, Digest, OrganisationId


def artefact_proposed(state: LedgerState, record: Record) -> LedgerState:
    fields, artefact_id = record.fields, ArtefactId(record.fields["artefact_id"])
    demand(artefact_id not in state.artefacts, record, f"artefact {artefact_id} was proposed before")
    artefact = Artefact(
        id=artefact_id,
        organisation=OrganisationId(fields["organisation"]),
        kind=fields["kind"],
        subject=Digest(fields["subject"]),
        digest=Digest(fields["digest"]),
        cid=Cid(fields["cid"]),
        proposed=record.position,
    )
    return _stored(state, artefact)


def artefact_endorsed(state: LedgerState, record: Record) -> LedgerState:
    artefact, organisation = _undecided(state, record)
    deviation = integer(record.fields["deviation"])
    return _stored(state, replace(artefact, endorsements=put(artefact.endorsements, organisation, deviation)))


def artefact_disputed(state: LedgerState, record: Record) -> LedgerState:
    artefact, organisation = _undecided(state, record)
    return _stored(state, replace(artefact, disputes=put(artefact.disputes, organisation, record.fields["reason"])))


def artefact_agreed(state: LedgerState, record: Record) -> LedgerState:
    artefact, fields = _artefact(state, record), record.fields
    demand(artefact.agreed is None, record, "it was agreed on before")
    told = (fields["kind"], fields["subject"], fields["digest"])
    demand(told == (artefact.kind, artefact.subject, artefact.digest), record, "another object was proposed")
    behind = sum(organisation in artefact.endorsements for organisation in state.members.seats)
    demand(behind >= state.members.quorum, record, f"only {behind} members stand behind it")
    worst = max(artefact.endorsements.values())
    return _stored(state, replace(artefact, agreed=record.position, deviation=worst))


def _artefact(state: LedgerState, record: Record) -> Artefact:
    found = state.artefacts.get(ArtefactId(record.fields["artefact_id"]))
    if found is None:
        contradiction(record, f"no artefact {record.fields['artefact_id']}")
    return found


def _undecided(state: LedgerState, record: Record) -> tuple[Artefact, OrganisationId]:
    artefact, organisation = _artefact(state, record), OrganisationId(record.fields["organisation"])
    decided = organisation in artefact.endorsements or organisation in artefact.disputes
    demand(not decided, record, f"{organisation} has endorsed or disputed it before")
    return artefact, organisation


def _stored(state: LedgerState, artefact: Artefact) -> LedgerState:
    return state.with_(artefacts=put(state.artefacts, artefact.id, artefact))


HANDLERS = {
    "ArtefactProposed": artefact_proposed,
    "ArtefactEndorsed": artefact_endorsed,
    "ArtefactDisputed": artefact_disputed,
    "ArtefactAgreed": artefact_agreed,
}
