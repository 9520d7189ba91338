"""What slicing costs in quality: one organisation's data, the same steps, held-out loss sliced and unsliced."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import torch

from benchmarks.harness import Configuration, Figures
from orchestrator.aggregation import WEIGHT_ONE, FoldedModel, FoldEntry
from orchestrator.contribution import AdapterDelta
from orchestrator.daemon.equipment import equipment_of
from orchestrator.data import Dataset, prepare
from orchestrator.models import BaseModel, load_base, resolve
from orchestrator.settings import Settings, compose
from orchestrator.training import AdapterSettings, Evaluation, TrainingSettings, evaluate
from orchestrator.training.settings import derived_seed
from orchestrator.training.slice_plan import Stage, never_seen, planned
from orchestrator.training.slices import SlicedOutcome, train_slices
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId, UpdateId

EXPERIMENT = "vader_minilm"
OWNER = OrganisationId("cumulus")


class Memory(dict[Digest, bytes]):
    """A book of stages that nobody keeps."""

    def stage(self, key: Digest) -> bytes | None:
        return self.get(key)

    def keep(self, key: Digest, data: bytes) -> None:
        self[key] = data


def measured(cell: Configuration) -> Figures:
    """One cell: train in so many slices, then take out one sample of the slice in the middle and train again."""
    torch.set_num_threads(1)
    slices, steps = cell["slices"], cell["steps"]
    base, dataset = _loaded()
    seed = derived_seed(cell["seed"], OWNER)
    book, identity = Memory(), ZERO_DIGEST
    stages = planned(
        _modules(base),
        dataset.contents(),
        slices=slices,
        steps=steps,
        seed=seed,
        assignment=derived_seed(seed, "slices"),
        identity=identity,
    )
    before = _held_out(base, None)
    began = time.perf_counter()
    first = _trained(stages, steps, book)
    took = time.perf_counter() - began
    middle = stages[slices // 2]
    gone = [middle.samples[0]]
    began = time.perf_counter()
    again = _trained(never_seen(stages, gone, identity), steps, book)
    retook = time.perf_counter() - began
    found, left = (_held_out(base, item.outcome.delta) for item in (first, again))
    return {
        "loss before": before.loss,
        "loss": found.loss,
        "accuracy": found.accuracy,
        "loss after": left.loss,
        "seconds": took,
        "seconds again": retook,
        "stages again": len(again.trained),
    }


def _trained(stages: tuple[Stage, ...], steps: int, book: Memory) -> SlicedOutcome:
    base, dataset = _loaded()
    document = _values().group("experiment")["task"]
    training = document["training"]
    rules = TrainingSettings(
        steps, training["batch"], training["length"], training["learning_rate_nano"], training["optimizer"]
    )

    def batches(samples: Any, count: int, seed: int) -> Any:
        return dataset.batches_of(samples, batch=rules.batch, steps=count, seed=seed)

    return train_slices(
        base.model,
        stages,
        batches,
        AdapterSettings.from_task(document),
        rules,
        base=base.digest,
        parent_manifest=ZERO_DIGEST,
        book=book,
    )


def _held_out(base: BaseModel, delta: AdapterDelta | None) -> Evaluation:
    """The model with a delta folded in, on the organisation's held-out sentences; the model is as before afterwards."""
    folded = FoldedModel(base.model, base.digest)
    if delta is not None:
        folded.move([FoldEntry(UpdateId("one"), 1, OWNER, WEIGHT_ONE)], lambda _: delta)
    try:
        return evaluate(base.model, _loaded()[1].validation_batches(64))
    finally:
        folded.reset()


def _modules(base: BaseModel) -> list[str]:
    endings = tuple(AdapterSettings.from_task(_values().group("experiment")["task"]).modules)
    return [name for name, _ in base.model.named_modules() if name.rpartition(".")[2] in endings]


@cache
def _values() -> Settings:
    return compose([f"experiment={EXPERIMENT}"])


@cache
def _loaded() -> tuple[BaseModel, Dataset]:
    own = equipment_of(_values(), OWNER)
    base = load_base(resolve(own.model, cache=own.cache), kind="classifier", labels=own.labels, cache=own.cache)
    length = int(_values().group("experiment")["task"]["training"]["length"])
    return base, prepare(own.data, base.tokenizer, kind="classifier", length=length, apart=True)
