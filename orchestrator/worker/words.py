"""What travels between a daemon and its worker, as JSON words and back. Imports nothing of torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from orchestrator import errors
from orchestrator.daemon.workbench import Figure, Judgement, Layout, Numbers
from orchestrator.errors import LoranchorError, WorkerError
from orchestrator.ledger.compactions import CompactionEntry, Prefix
from orchestrator.ledger.hardenings import HardeningEntry
from orchestrator.ledger.manifest import AnyEntry, Entry, Manifest
from orchestrator.ledger.words import DIGEST
from orchestrator.lock_key import LockKey
from orchestrator.types import Digest, ProtectedDelta, UpdateId, protected

Words = dict[str, Any]

_KNOWN = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, LoranchorError)
}


Check = Callable[[Any], bool]


def text(value: Any) -> bool:
    return isinstance(value, str)


def number(least: int, most: int) -> Check:
    """Whole numbers in these bounds."""
    return lambda value: type(value) is int and least <= value <= most


def _digest(value: Any) -> bool:
    return text(value) and DIGEST.fullmatch(value) is not None


def _label(value: Any) -> bool:
    return text(value) and value.isascii() and len(value) <= 32


def _finite(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


_COUNT = number(0, 2**63 - 1)
_JUDGEMENT: Mapping[str, Check] = {
    "accept": lambda value: isinstance(value, bool),
    "weight_cap": number(0, 2**32 - 1),
    "score": number(-(2**63), 2**63 - 1),
    "reason": _label,
}
_FIGURE: Mapping[str, Check] = {"metric": _label, "value": _finite, "samples": _COUNT}
_DELTA: Mapping[str, Check] = {"policy": text, "samples": _COUNT, "epsilon": _COUNT, "parent_manifest": _digest}
_LAYOUT: Mapping[str, Check] = {"words": number(1, 1 << 32), "layout": _digest}
_NUMBERS: Mapping[str, Check] = {"samples": _COUNT}
_ERROR: Mapping[str, Check] = {"kinds": lambda value: isinstance(value, list), "message": text, "mend": text}


def checked(words: Any, checks: Mapping[str, Check]) -> Words:
    """The words, if they are those: a worker runs libraries and data of others, and may say anything.

    Raises:
        WorkerError: they are not.
    """
    if not isinstance(words, Mapping) or words.keys() != checks.keys():
        raise no_answer(f"other words than {', '.join(checks)}")
    for name, check in checks.items():
        if not check(words[name]):
            raise no_answer(f"a {name} that is none")
    return dict(words)


def no_answer(why: str) -> WorkerError:
    return WorkerError(f"the worker gave no answer: {why}", mend="see the log; is it of this version?")


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
    if "sigma_nano" in words:
        return HardeningEntry(**{**words, "modules": tuple(words["modules"])})
    return Entry(**words)


def judgements_words(judgements: Mapping[UpdateId, Judgement]) -> Words:
    return {update_id: asdict(judgement) for update_id, judgement in judgements.items()}


def judgements_of(words: Any) -> dict[UpdateId, Judgement]:
    if not isinstance(words, Mapping) or not all(map(_digest, words)):
        raise no_answer("no verdicts on updates")
    return {UpdateId(name): Judgement(**checked(judgement, _JUDGEMENT)) for name, judgement in words.items()}


def figure_of(words: Mapping[str, Any]) -> Figure:
    return Figure(**checked(words, _FIGURE))


def layout_of(words: Mapping[str, Any]) -> Layout:
    return Layout(**checked(words, _LAYOUT))


def numbers_of(words: Mapping[str, Any], body: bytes) -> Numbers:
    """What a training for a masked round gave."""
    if len(body) % 4:
        raise no_answer("numbers of a size that is none")
    return Numbers(body, **checked(words, _NUMBERS))


def lock_words(key: LockKey) -> Words:
    """The organisation's own lock key, for its own worker: never written, never logged."""
    return {"lock": {"generation": key.generation, "secret": key.secret.hex()}}


def lock_of(words: Mapping[str, Any]) -> LockKey | None:
    """What a call brings; None where its task wants no key-lock."""
    told = words.get("lock")
    return None if told is None else LockKey(int(told["generation"]), bytes.fromhex(told["secret"]))


def pseudonym_words(key: bytes) -> Words:
    """The organisation's key of pseudonyms, for its own worker: never written, never logged."""
    return {"pseudonym_key": key.hex()}


def pseudonym_of(words: Mapping[str, Any]) -> bytes | None:
    """What a call brings; None where the settings want no pseudonyms."""
    told = words.get("pseudonym_key")
    return None if told is None else bytes.fromhex(told)


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
    return protected(payload, **checked(words, _DELTA))


def error_words(error: LoranchorError) -> Words:
    """An error with the names of its kinds, the narrowest first."""
    kinds = [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, LoranchorError)]
    return {"kinds": kinds, "message": error.message, "mend": error.mend}


def error_of(words: Mapping[str, Any]) -> LoranchorError:
    """The same error, of the narrowest kind that is known here."""
    told = checked(words, _ERROR)
    kinds = [_KNOWN[name] for name in told["kinds"] if text(name) and name in _KNOWN]
    if not kinds:
        raise no_answer("an error of no kind")
    return kinds[0](told["message"], mend=told["mend"])
