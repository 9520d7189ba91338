"""A world with a seed: members and their data, what is to be forgotten, and what is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import torch

from benchmarks.federation import Member, Shared, joined
from benchmarks.federation.held_out import in_batches
from benchmarks.federation.shards import chosen
from benchmarks.unlearning.worlds import SPLIT_SEED, World
from orchestrator.attacks.membership import auc, loss_scores
from orchestrator.attacks.relearning import held_out_split
from orchestrator.data import Dataset, DataSettings
from orchestrator.data.prepare import Batch, Samples
from orchestrator.settings import compose
from orchestrator.types import OrganisationId
from orchestrator.unlearning.subject import Batches, Task
from orchestrator.unlearning.tasks import CausalTask, ClassifierTask, predicted, scored

ENDLESS = 1_000_000_000


@dataclass(frozen=True)
class Parts:
    """What tells the worlds apart.

    Attributes:
        members: everybody, with the data as it is trained on.
        forget: the contributor's training samples, as it taught them.
        seen: rows of these that an attacker may have.
        inside, outside: samples that were trained on and others of the same kind, for membership inference.
        score: how much a model knows of what no attacker has, a share in [0, 1].
    """

    members: tuple[Member, ...]
    forget: Samples
    seen: tuple[int, ...]
    inside: Samples
    outside: Samples
    score: Callable[[Any], float]


@dataclass(frozen=True)
class Case:
    """One world with one seed; the seed is that of splits, training and secrets."""

    name: str
    world: World
    seed: int
    shared: Shared
    parts: Parts

    @property
    def members(self) -> tuple[Member, ...]:
        return self.parts.members

    def data(self, name: OrganisationId) -> Dataset:
        """An organisation's own samples."""
        return next(member.data for member in self.members if member.name == name)

    def document(self, lineage: str) -> dict[str, Any]:
        """The task of the packaged experiment with this world's sizes; verdicts look at structure only."""
        world, task = self.world, dict(settings_of(self.world.overrides)["experiment"]["task"])
        sizes = {"steps": world.steps, "batch": world.batch, "length": world.length}
        task["training"] = {**task["training"], **sizes, "learning_rate_nano": world.learning_rate_nano}
        return {**task, "lineage": lineage, "minimum_updates": 1}

    @cached_property
    def task(self) -> Task:
        """What the model is for."""
        if self.shared.base.kind == "classifier":
            return ClassifierTask(self.shared.labels)
        return CausalTask(int(self.shared.base.model.config.vocab_size))

    @cached_property
    def retain(self) -> Dataset:
        """The samples of everybody else, in one place."""
        return joined([self.data(name) for name in self.world.retained])

    def batches(self, samples: Samples, size: int) -> Batches:
        """Endless shuffled batches, as methods and attacks take them."""
        whole = replace(self.retain, training=samples)

        def endless(seed: int) -> Iterator[Batch]:
            return whole.batches(batch=size, steps=ENDLESS, seed=seed)

        return endless

    def figures(self, model: Any) -> dict[str, float]:
        """Forget, retain and test figures as shares, and the AUC of the loss attack.

        ``retain`` is the mean over the others' held-out samples, ``test`` over everybody's, the contributor's clean
        ones included.
        """
        right = {member.name: self._right(model, self._held_out[member.name]) for member in self.members}
        retained = [right[name] for name in self.world.retained]
        inside, outside = (self._losses(model, getattr(self.parts, name)) for name in ("inside", "outside"))
        return {
            "forget": self.parts.score(model),
            "retain": sum(retained) / len(retained),
            "test": sum(right.values()) / len(right),
            "auc": auc(loss_scores(inside), loss_scores(outside)),
        }

    def kept_right(self, model: Any) -> float:
        """Share of right answers on some of the others' training samples: what strengths are tuned by."""
        return self._right(model, self._some_retained)

    @cached_property
    def _some_retained(self) -> list[Batch]:
        return in_batches(spread(self.retain.training, self.world.measured))

    @cached_property
    def _held_out(self) -> Mapping[OrganisationId, list[Batch]]:
        return {member.name: in_batches(member.data.validation) for member in self.members}

    def _right(self, model: Any, batches: Sequence[Batch]) -> float:
        return right_answers(model, self.task, batches)

    def _losses(self, model: Any, samples: Samples) -> list[float]:
        with evaluating(model):
            return [float(loss) for batch in in_batches(samples) for loss in self.task.losses(model, batch)]


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """No gradients, and the model in evaluation mode, within the block."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(training)


def right_answers(model: Any, task: Task, batches: Sequence[Batch]) -> float:
    """Share of labels, or of next tokens, that the model finds likeliest."""
    right, count = 0, 0
    with evaluating(model):
        for batch in batches:
            guesses = scored(task.logits(model, batch), batch).argmax(-1)
            labels = batch["labels"]
            wanted = labels if labels.ndim == 1 else labels[:, 1:][labels[:, 1:] != -100]
            right += int((guesses == wanted.to(guesses.device)).sum())
            count += int(predicted(batch).sum())
    return right / count


def seen_rows(count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rows of a forget set that attackers may have, and those that they are measured on."""
    return held_out_split(count, seed=SPLIT_SEED)


def spread(samples: Samples, most: int) -> Samples:
    """At most so many samples, evenly over those there are."""
    count = len(samples)
    return samples if count <= most else chosen(samples, [place * count // most for place in range(most)])


def data_settings(world: World, name: str, seed: int) -> DataSettings:
    """Of an organisation; who is to be forgotten has its samples as they are."""
    data = settings_of(world.overrides)["data"]
    limited = {**data, "validation": {**data["validation"], "limit": world.held_out}}
    return DataSettings.from_experiment(limited, {"shard": world.shards[name]}, seed)


@lru_cache(maxsize=2)
def settings_of(overrides: tuple[str, ...]) -> Mapping[str, Any]:
    """Composed settings."""
    return compose(list(overrides)).values


@lru_cache(maxsize=1)
def shared_of(overrides: tuple[str, ...]) -> Shared:
    """The base model of a world; one is in memory at a time."""
    model = settings_of(overrides)["model"]
    return Shared(str(model["name"]), kind=model["kind"], labels=int(model["labels"]))
