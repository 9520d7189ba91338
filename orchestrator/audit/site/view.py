"""The files that the page reads (docs/formats/audit-view.md): an index for its first view, and the rest in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from orchestrator.audit.site.manifests import manifest_steps
from orchestrator.audit.site.material import Material, Place
from orchestrator.audit.site.overdue import overdue_steps
from orchestrator.audit.site.rows import (
    Places,
    checkpoint_row,
    equivocation_row,
    failed_rounds,
    revocation_row,
    round_row,
    segment_rows,
    sequences_of,
)
from orchestrator.audit.site.search import search_shards
from orchestrator.audit.site.segments import segments
from orchestrator.audit.site.tokens import tokens_document
from orchestrator.ledger.members import HANDLERS

FORMAT = "loranchor/audit-view"
VERSION = 1
PACK = 50
"""Manifest changes a file."""


def view_files(material: Material, evaluation: Mapping[str, Any] | None = None) -> Iterator[tuple[str, bytes]]:
    """Every file by its path, one at a time. The same material gives the same bytes.

    Args:
        evaluation: curves to show with revocations, by :func:`orchestrator.audit.site.evaluation.read_evaluation`.
    """
    shards = search_shards(material)
    yield "index.json", _json({**index_document(material), "shards": sorted(shards), "evaluation": evaluation})
    for number, segment in enumerate(segments(material)):
        yield f"segments/{number}.json", _json(segment)
    for number, pack in enumerate(_packs(_steps(material))):
        yield f"manifests/{number}.json", _json(pack)
    yield "tokens.json", _json(tokens_document(material))
    for shard, found in sorted(shards.items()):
        yield f"search/{shard}.json", _json(found)
    yield "objects.json", _json({digest: len(data) for digest, data in material.objects.items()})
    for digest, data in material.objects.items():
        yield f"objects/{digest}", data


def index_document(material: Material) -> dict[str, Any]:
    """What the first view needs; it grows by about a kilobyte a round."""
    state, sequences, places = material.state, sequences_of(material), Places(material)
    rounds = list(state.rounds.values())
    steps = len(material.manifests if material.steps is None else material.steps)
    return {
        "format": FORMAT,
        "version": VERSION,
        "source": material.source,
        "consortium_id": material.consortium_id,
        "public": {**_place(material.public), "head": material.head},
        "private": _place(material.private),
        "membership": {
            "public": [record.document() for record in material.membership],
            "private": [record.document() for record in material.records if record.kind in HANDLERS],
        },
        "checkpoints": [checkpoint_row(item) for item in material.anchored],
        "segments": list(segment_rows(material)),
        "manifest_packs": -(-steps // PACK),
        "rounds": [round_row(state, item, sequences, places) for item in rounds],
        "revocations": [revocation_row(state, item, sequences, places) for item in state.revocations.values()],
        "equivocations": [equivocation_row(item) for item in material.equivocations],
        "overdue": overdue_steps(material),
        "failed": failed_rounds(rounds),
        "supply": str(material.supply),
        "audit": None if material.report is None else material.report.document(),
        "limits": list(material.limits),
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "chain_id": str(place.chain_id),
        "block": place.block,
        "block_hash": place.block_hash,
        "contracts": dict(place.contracts),
        "explorer": place.explorer,
    }


def _steps(material: Material) -> Iterable[Mapping[str, Any]]:
    return manifest_steps(material.manifests) if material.steps is None else material.steps


def _packs(steps: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    waiting = iter(steps)
    while pack := list(islice(waiting, PACK)):
        yield pack


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
