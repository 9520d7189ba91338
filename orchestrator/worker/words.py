"""What travels between a daemon and its worker, as JSON words and back. Imports nothing of torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from orchestrator import errors
from orchestrator.daemon.workbench import Figure, Judgement
from orchestrator.errors import LoranchorError
from orchestrator.ledger.compactions import CompactionEntry, Prefix
from orchestrator.ledger.manifest import AnyEntry, Entry, Manifest
from orchestrator.types import Digest, ProtectedDelta, UpdateId, protected

Words = dict[str, Any]

_KNOWN = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, LoranchorError)
}


def manifest_words(manifest: Manifest) -> Words:
    return {
        "base": manifest.base,
        "settings": manifest.settings,
        "strategy": manifest.strategy,
        "entries": [asdict(entry) for entry in manifest.entries],
        "covered": [asdict(entry) for entry in manifest.covered],
    }


def manifest_of(words: Mapping[str, Any]) -> Manifest:
    entries, covered = (words[name] for name in ("entries", "covered"))
    return Manifest(
        Digest(words["base"]),
        Digest(words["settings"]),
        words["strategy"],
        tuple(map(_entry_of, entries)),
        tuple(Entry(**entry) for entry in covered),
    )


def _entry_of(words: Mapping[str, Any]) -> AnyEntry:
    if "artefact_id" in words:
        return CompactionEntry(**{**words, "covered": Prefix(**words["covered"])})
    return Entry(**words)


def judgements_words(judgements: Mapping[UpdateId, Judgement]) -> Words:
    return {update_id: asdict(judgement) for update_id, judgement in judgements.items()}


def judgements_of(words: Mapping[str, Any]) -> dict[UpdateId, Judgement]:
    return {UpdateId(update_id): Judgement(**judgement) for update_id, judgement in words.items()}


def figure_of(words: Mapping[str, Any]) -> Figure:
    return Figure(**words)


def delta_words(delta: ProtectedDelta) -> Words:
    """All but the payload, which is a frame's body."""
    return {
        "policy": delta.policy,
        "samples": delta.samples,
        "epsilon": delta.epsilon,
        "parent_manifest": delta.parent_manifest,
    }


def delta_of(words: Mapping[str, Any], payload: bytes) -> ProtectedDelta:
    """What :mod:`orchestrator.privacy` protected in the worker is protected here, too."""
    return protected(payload, **words)


def error_words(error: LoranchorError) -> Words:
    """An error with the names of its kinds, the narrowest first."""
    kinds = [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, LoranchorError)]
    return {"kinds": kinds, "message": error.message, "mend": error.mend}


def error_of(words: Mapping[str, Any]) -> LoranchorError:
    """The same error, of the narrowest kind that is known here."""
    kind = next(_KNOWN[name] for name in words["kinds"] if name in _KNOWN)
    return kind(words["message"], mend=words["mend"])
