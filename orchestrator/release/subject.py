"""From folders and settings to what checks look at: every model is asked about every sample once."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch

from orchestrator.attacks.backdoor.folds import Kept
from orchestrator.errors import DataError
from orchestrator.export.record import read_record
from orchestrator.release.check import Subject
from orchestrator.release.gather_images import gather_images
from orchestrator.release.image_models import is_image_model
from orchestrator.release.opened import Opened
from orchestrator.release.parts import LEAST, Answers, Gathered, common
from orchestrator.release.settings import ReleaseSettings
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId
from orchestrator.unlearning.evaluation.findings import ORIGINAL
from orchestrator.unlearning.evaluation.models import Models, ModelSettings, load_models
from orchestrator.unlearning.evaluation.readings import read
from orchestrator.unlearning.evaluation.sets import EvaluationSet, load_sets
from orchestrator.unlearning.subject import Subject as Asked
from orchestrator.unlearning.subject import Task
from orchestrator.unlearning.tasks import CausalTask, ClassifierTask


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
    if is_image_model(Path(model).expanduser()):
        return gather_images(Path(model).expanduser(), references, settings)
    folders = {ORIGINAL: model} | {f"reference {number}": name for number, name in enumerate(references, start=1)}
    loaded = load_models(folders, base, device=settings.device, cache=cache)
    sets = load_sets(settings, loaded.base.tokenizer, kind=loaded.base.kind, classes=loaded.classes)
    for name, one in sets.items():
        if len(one) < (1 if name == "canaries" else LEAST):
            raise DataError(f"release.{name} has {len(one)} texts, at least {LEAST} are needed")
    folder = Path(model).expanduser()
    record = read_record(folder) or {}
    parts: dict[str, Any] = {name: _answers(loaded, one, settings.batch) for name, one in sets.items()}
    folds = _folds(model, settings, base, cache) if loaded.base.kind == "classifier" else None
    loaded.become(ORIGINAL)
    if loaded.base.kind == "classifier":
        data = {name: one.samples for name, one in sets.items()}
        parts["opened"] = Opened(loaded.model.eval(), loaded.classes, data, loaded.base.tokenizer, folds)
    parts |= common(settings, folds)
    subject = Subject(folder, loaded.base.kind, Digest(record.get("manifest", ZERO_DIGEST)), parts)
    digests = dict(loaded.digests)
    return Gathered(
        subject,
        digests.pop(ORIGINAL),
        tuple(digests.values()),
        {name: (one.digest, len(one)) for name, one in sets.items()},
    )


def _folds(model: str, settings: ReleaseSettings, base: ModelSettings, cache: Path | None) -> Kept | None:
    """Each fold as a model of its own; a reference may be one of them."""
    if not settings.folds:
        return None
    folders = {ORIGINAL: model} | {f"without {name}": folder for name, folder in settings.folds.items()}
    loaded = load_models(folders, base, device=settings.device, cache=cache)
    found: dict[OrganisationId | None, Any] = {}
    for name, role in zip((None, *settings.folds), folders, strict=True):
        loaded.become(role)
        found[name] = copy.deepcopy(loaded.model).eval()
    return Kept(found)


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
