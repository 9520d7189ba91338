"""Where a proposed compaction stands, from the records alone: for people who ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.ledger.compactions import effective_at
from orchestrator.ledger.contributions import Tasks
from orchestrator.ledger.covers import compactions, cover_of, stands
from orchestrator.ledger.entities import Artefact, LedgerState
from orchestrator.ledger.manifest import build_manifest, governing_task
from orchestrator.types import OrganisationId


class Stage(StrEnum):
    """``in use``: the present manifest has it. ``spare``: another one that is in use covers as much or more.

    ``fallen``: something that it covers was revoked, or has other rules or weights now, so the originals are used.
    ``unknown``: what it is said to stand for is the beginning of no manifest.
    """

    PROPOSED = "proposed"
    WAITING = "waits for the open round's end"
    IN_USE = "in use"
    SPARE = "spare"
    FALLEN = "fallen"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """One proposal.

    Attributes:
        round, count: the last round and the number of contributions that it stands for; 0 where that is unknown.
        endorsements: the members' differences, over 10¹². disputes: their reasons. silent: members with no word yet.
    """

    artefact: Artefact
    stage: Stage
    round: int
    count: int
    endorsements: Mapping[OrganisationId, int]
    disputes: Mapping[OrganisationId, str]
    silent: tuple[OrganisationId, ...]


def standings(state: LedgerState, tasks: Tasks) -> tuple[Standing, ...]:
    """All proposals in order."""
    task = governing_task(state, tasks)
    entry = None if task is None else build_manifest(state, task, tasks).compaction
    used = None if entry is None else entry.artefact_id
    return tuple(_standing(state, tasks, artefact, artefact.id == used) for artefact in compactions(state))


def _standing(state: LedgerState, tasks: Tasks, artefact: Artefact, used: bool) -> Standing:
    cover = cover_of(state, artefact, tasks)
    spoken = {*artefact.endorsements, *artefact.disputes}
    return Standing(
        artefact=artefact,
        stage=Stage.IN_USE if used else _stage(state, tasks, artefact, known=cover is not None),
        round=cover.prefix.round if cover else 0,
        count=cover.prefix.count if cover else 0,
        endorsements=artefact.endorsements,
        disputes=artefact.disputes,
        silent=tuple(name for name in state.members.seats if name not in spoken),
    )


def _stage(state: LedgerState, tasks: Tasks, artefact: Artefact, *, known: bool) -> Stage:
    if not known:
        return Stage.UNKNOWN
    if stands(state, artefact, tasks) is None:
        return Stage.FALLEN
    if artefact.agreed is None:
        return Stage.PROPOSED
    return Stage.WAITING if effective_at(state, artefact) is None else Stage.SPARE
