"""Histories in which contributions are compacted, and what members say of it."""

from __future__ import annotations

from collections.abc import Sequence

from unit.ledger.actors import AURORA, CHAIN_ID, CONTRACTS, MEMBERS, cid_of, task, word_of
from unit.ledger.history import History

from orchestrator.ledger.covers import cover_until
from orchestrator.ledger.ids import artefact_id_of
from orchestrator.ledger.manifest import Manifest, build_manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.view import manifest_of
from orchestrator.types import ArtefactId, Digest, OrganisationId, UpdateId


def propose(
    history: History, subject: Digest, by: OrganisationId = AURORA, name: str = "object", kind: str = "compaction"
) -> ArtefactId:
    """Names an object that stands for a manifest."""
    number = len(history.state.artefacts) + 1
    artefact = artefact_id_of(CHAIN_ID, CONTRACTS["ArtefactRegistry"], number)
    named = {"kind": kind, "subject": subject, "digest": word_of(name), "cid": cid_of(name)}
    history.tell("ArtefactProposed", by, artefact_id=artefact, organisation=by, **named)
    told = {"artefact_id": artefact, "organisation": by, "deviation": 0}
    history.tell("ArtefactEndorsed", by, same_transaction=True, **told)
    return artefact


def endorse(history: History, artefact: ArtefactId, by: OrganisationId, deviation: int = 7) -> None:
    """A member's word; the quorum's agreement follows from it."""
    told = {"artefact_id": artefact, "organisation": by, "deviation": deviation}
    history.tell("ArtefactEndorsed", by, **told)
    found = history.state.artefacts[artefact]
    if found.agreed is None and len(found.endorsements) >= history.state.members.quorum:
        history.agree(artefact, by)


def agree(
    history: History, round_number: int, name: str = "object", by: Sequence[OrganisationId] = MEMBERS
) -> ArtefactId:
    """An object for the rounds up to that one, agreed on by two members."""
    artefact = propose(history, subject(history, round_number), by[0], name)
    endorse(history, artefact, by[1])
    return artefact


def subject(history: History, round_number: int) -> Digest:
    cover = cover_until(manifest_of(history.state, history.tasks), task(), round_number)
    assert cover is not None
    return cover.prefix.manifest


def plain(history: History, spec: TaskSpec | None = None) -> Manifest:
    """The manifest as if nobody had ever proposed an object."""
    return build_manifest(history.state.with_(artefacts={}), spec or task(), history.tasks)


def rounds(count: int) -> tuple[History, list[dict[OrganisationId, UpdateId]]]:
    history = History()
    return history, [history.round() for _ in range(count)]
