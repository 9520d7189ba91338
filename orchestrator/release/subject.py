"""From folders and settings to what checks look at: every model is asked about every sample once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch

from orchestrator.errors import DataError
from orchestrator.export.record import read_record
from orchestrator.release.check import Subject
from orchestrator.release.intervals import Bootstrap
from orchestrator.release.settings import ReleaseSettings
from orchestrator.types import ZERO_DIGEST, Digest
from orchestrator.unlearning.evaluation.findings import ORIGINAL
from orchestrator.unlearning.evaluation.models import Models, ModelSettings, load_models
from orchestrator.unlearning.evaluation.readings import Readings, read
from orchestrator.unlearning.evaluation.sets import EvaluationSet, load_sets
from orchestrator.unlearning.subject import Subject as Asked
from orchestrator.unlearning.subject import Task
from orchestrator.unlearning.tasks import CausalTask, ClassifierTask

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


def gather(
    model: str,
    references: Sequence[str],
    settings: ReleaseSettings,
    base: ModelSettings,
    *,
    cache: Path | None = None,
) -> Gathered:
    """Load the models and the sets, and ask.

    Args:
        model, references: folders, merged or adapters. base: of adapters.

    Raises:
        ConfigurationError: an adapter without a base, or a device that is not there.
        DataError: a folder is no model, was changed after its export, or a set cannot be used.
    """
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    folders = {ORIGINAL: model} | {f"reference {number}": name for number, name in enumerate(references, start=1)}
    loaded = load_models(folders, base, device=settings.device, cache=cache)
    sets = load_sets(settings, loaded.base.tokenizer, kind=loaded.base.kind, classes=loaded.classes)
    for name, one in sets.items():
        if len(one) < (1 if name == "canaries" else LEAST):
            raise DataError(f"release.{name} has {len(one)} texts, at least {LEAST} are needed")
    folder = Path(model).expanduser()
    record = read_record(folder) or {}
    parts: dict[str, Any] = {name: _answers(loaded, one, settings.batch) for name, one in sets.items()}
    parts["terms"] = Terms(Bootstrap(settings.draws, settings.level, settings.seed), settings)
    subject = Subject(folder, loaded.base.kind, Digest(record.get("manifest", ZERO_DIGEST)), parts)
    digests = dict(loaded.digests)
    return Gathered(
        subject,
        digests.pop(ORIGINAL),
        tuple(digests.values()),
        {name: (one.digest, len(one)) for name, one in sets.items()},
    )


def _answers(models: Models, one: EvaluationSet, batch: int) -> Answers:
    found = []
    for role in models.states:
        models.become(role)
        found.append(read(_asked(models), one.batches(batch), texts=models.base.kind == "causal_lm"))
    return Answers(found[0], tuple(found[1:]), _texts(models, one))


def _asked(models: Models) -> Asked:
    task: Task = ClassifierTask(models.classes) if models.base.kind == "classifier" else CausalTask(models.classes)
    return Asked.whole(models.model, task)


def _texts(models: Models, one: EvaluationSet) -> tuple[str, ...]:
    """Of canaries alone: whoever reads a report is not to read training texts in it."""
    if one.name != "canaries" or models.base.kind != "causal_lm":
        return ()
    rows = (row[mask.bool()] for row, mask in zip(one.samples.tokens, one.samples.mask, strict=True))
    found = models.base.tokenizer.batch_decode(list(rows), skip_special_tokens=True)
    return tuple(cast("list[str]", found))
