"""What checks are given by name, whatever kind of model it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.attacks.backdoor.folds import Kept
from orchestrator.release.check import Subject
from orchestrator.release.intervals import Bootstrap
from orchestrator.release.settings import ReleaseSettings
from orchestrator.types import Digest
from orchestrator.unlearning.evaluation.readings import Readings

LEAST = 4
"""Samples of a set below which nothing can be said."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the models said of one set.

    Attributes:
        model: that is to be released. references: those that never saw the members.
        texts: of a language model's set, as it read them.
    """

    model: Readings
    references: tuple[Readings, ...]
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What checks have in common: intervals, and the sizes that settings give."""

    bootstrap: Bootstrap
    settings: ReleaseSettings


@dataclass(frozen=True, slots=True)
class Gathered:
    """A subject, and what the report says of where it comes from.

    Attributes:
        model, references: digests of the weights. sets: digest and number of samples by name.
    """

    subject: Subject
    model: Digest
    references: tuple[Digest, ...]
    sets: Mapping[str, tuple[Digest, int]]


def common(settings: ReleaseSettings, folds: Kept | None) -> dict[str, Any]:
    """``terms``, and ``folds`` where they are given."""
    terms = Terms(Bootstrap(settings.draws, settings.level, settings.seed), settings)
    return {"terms": terms} | ({} if folds is None else {"folds": folds})
