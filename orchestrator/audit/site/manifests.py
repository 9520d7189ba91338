"""Manifests as what changes from one checkpoint to the next: each anew would grow with the square of the rounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.ledger.manifest import AnyEntry, Manifest


def manifest_steps(manifests: Mapping[int, Manifest]) -> Iterator[dict[str, Any]]:
    """One step a checkpoint, in order: digest, document, places that go and entries that come."""
    before: Sequence[AnyEntry] = ()
    for sequence, manifest in sorted(manifests.items()):
        remove, add = change(before, manifest.entries)
        step = {"sequence": sequence, "digest": manifest.digest, "document": manifest.document}
        yield {**step, "remove": remove, "add": [[place, entry.document()] for place, entry in add]}
        before = manifest.entries


def change(before: Sequence[AnyEntry], after: Sequence[AnyEntry]) -> tuple[list[int], list[tuple[int, AnyEntry]]]:
    """Places in ``before`` that go, and what comes with its place in ``after``; what stays keeps its order."""
    if tuple(after[: len(before)]) == tuple(before):
        return [], list(enumerate(after))[len(before) :]
    staying, known = set(after), set(before)
    remove = [place for place, entry in enumerate(before) if entry not in staying]
    return remove, [(place, entry) for place, entry in enumerate(after) if entry not in known]
