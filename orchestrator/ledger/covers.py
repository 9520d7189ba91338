"""What a proposed compaction stands for, and which compactions hold a contribution that has to go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.ledger.compactions import KIND, Prefix, compactable
from orchestrator.ledger.contributions import Tasks
from orchestrator.ledger.entities import Artefact, LedgerState
from orchestrator.ledger.manifest import Entry, Manifest, build_manifest, governing_task, prefixes
from orchestrator.ledger.records import Position
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Digest, UpdateId


@dataclass(frozen=True, slots=True)
class Cover:
    """The first rounds of a manifest and the task by whose rules they are folded."""

    prefix: Prefix
    entries: tuple[Entry, ...]
    task: TaskSpec


def cover_of(state: LedgerState, artefact: Artefact, tasks: Tasks) -> Cover | None:
    """What an object stood for when it was proposed; None where its subject was the beginning of no manifest."""
    return _named(state, artefact.subject, tasks, artefact.proposed)


def stands(state: LedgerState, artefact: Artefact, tasks: Tasks) -> Cover | None:
    """The same now: None once something that it covers was revoked, or is folded by other rules or weights."""
    return _named(state, artefact.subject, tasks, None)


def cover_until(manifest: Manifest, task: TaskSpec, round_number: int) -> Cover | None:
    """The contributions of all rounds up to that one; None where there are none."""
    found = [prefix for prefix in prefixes(manifest) if prefix.round <= round_number]
    return _cover(manifest, task, found[-1]) if found else None


def holding(state: LedgerState, updates: Iterable[UpdateId], tasks: Tasks) -> tuple[Artefact, ...]:
    """Compactions, agreed on or not, that hold some of these contributions, or of which nobody can tell."""
    gone = frozenset(updates)
    found = []
    for artefact in compactions(state):
        cover = cover_of(state, artefact, tasks)
        if cover is None or any(entry.update_id in gone for entry in cover.entries):
            found.append(artefact)
    return tuple(found)


def compactions(state: LedgerState) -> tuple[Artefact, ...]:
    """All that were proposed, in order."""
    return tuple(item for item in state.artefacts.values() if item.kind == KIND)


def _named(state: LedgerState, subject: Digest, tasks: Tasks, at: Position | None) -> Cover | None:
    task = governing_task(state, tasks, at=at)
    if task is None or not compactable(task):
        return None
    manifest = build_manifest(state, task, tasks, at=at)
    found = next((prefix for prefix in prefixes(manifest) if prefix.manifest == subject), None)
    return None if found is None else _cover(manifest, task, found)


def _cover(manifest: Manifest, task: TaskSpec, prefix: Prefix) -> Cover:
    return Cover(prefix, manifest.originals[: prefix.count], task)
