"""A round of updates to be judged, honest and hostile, with a tiny model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from unit.ledger.actors import task, word_of

from orchestrator.aggregation import FoldedModel
from orchestrator.contribution import AdapterDelta, norm, serialise
from orchestrator.daemon.workbench import Judgement
from orchestrator.data import Dataset
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.models import BaseModel
from orchestrator.models.base import state_digest
from orchestrator.training import AdapterSettings, TrainingSettings, evaluate, train
from orchestrator.types import UpdateId
from orchestrator.worker.judging import Bench, judge

TRAINING = {"steps": 6, "batch": 4, "length": 24, "learning_rate_nano": 20_000_000, "optimizer": "adamw", "seed": 7}


def spec_of(base: BaseModel, scores: str = "leave-one-out", **verdict: Any) -> TaskSpec:
    """A task on a model; ``adapter`` and ``training`` replace those groups, anything else is the verdict's."""
    groups = {"training": verdict.pop("training", TRAINING)}
    if "adapter" in verdict:
        groups["adapter"] = verdict.pop("adapter")
    rules = {"policy": "structural", "filters": [], "minimum_score": 0, "max_norm": 10**12, "max_rank": 8, **verdict}
    about = {"digest": base.digest, "architecture": base.architecture, "kind": base.kind}
    evaluation = {"metric": "loss", "shared": None, "scores": scores}
    return task(base=about, verdict=rules, evaluation=evaluation, **groups)


def named(name: str, **settings: int) -> dict[str, Any]:
    return {"name": name, "settings": settings}


def manifest_of(base: BaseModel) -> Manifest:
    return Manifest(base.digest, word_of("settings"), "stack", ())


def learnt_by(base: BaseModel, data: Dataset, spec: TaskSpec, members: int) -> list[AdapterDelta]:
    """Honest updates of the same data, each by a seed of its own."""
    settings = TrainingSettings.from_task(spec.document)
    return [
        train(
            base.model,
            data.batches(batch=settings.batch, steps=settings.steps, seed=seed),
            AdapterSettings.from_task(spec.document),
            settings,
            base=base.digest,
            parent_manifest=manifest_of(base).digest,
            seed=seed,
        ).delta
        for seed in range(members)
    ]


def times(delta: AdapterDelta, factor: float) -> AdapterDelta:
    modules = {name: replace(low, b=low.b * factor) for name, low in delta.modules.items()}
    return replace(delta, modules=modules, dense={name: part * factor for name, part in delta.dense.items()})


def noise_like(delta: AdapterDelta) -> AdapterDelta:
    """Gaussian factors and dense parts, as long as the update."""
    draw = torch.Generator().manual_seed(3)
    modules = {
        name: replace(low, a=torch.randn(low.a.shape, generator=draw), b=torch.randn(low.b.shape, generator=draw))
        for name, low in delta.modules.items()
    }
    dense = {name: torch.randn(part.shape, generator=draw) for name, part in delta.dense.items()}
    drawn = replace(delta, modules=modules, dense=dense)
    return times(drawn, norm(delta) / norm(drawn))


def judged(base: BaseModel, data: Dataset, spec: TaskSpec, deltas: Mapping[str, AdapterDelta]) -> dict[str, Judgement]:
    folded = FoldedModel(base.model, base.digest)
    bench = Bench(folded, base.shapes, folded.move, lambda: evaluate(base.model, data.validation_batches()))
    payloads = {UpdateId(name): serialise(delta) for name, delta in deltas.items()}
    before = state_digest(base.model)
    found = judge(bench, spec, manifest_of(base), list(payloads), payloads.__getitem__, {})
    assert state_digest(base.model) == before, "the model is as it was"
    return {str(name): judgement for name, judgement in found.items()}


def honest(learnt: list[AdapterDelta]) -> dict[str, AdapterDelta]:
    return {f"honest-{place}": delta for place, delta in enumerate(learnt)}
