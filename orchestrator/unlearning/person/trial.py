"""A trial of forgetting people from one picture each, beside a model that never saw them.

As in De Min and others, arXiv 2407.12069: people are in one of three parts; the base learns those of the first but for
one picture of each who will ask, which is the support; the retrained model never saw any picture of who asks. The
meta-loss learns on requests of everybody in the first part and on validation people; test people are seen by nobody.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch.nn import functional

from orchestrator.attacks.membership import auc, rmia_scores
from orchestrator.data.images.faces import Faces, split_people
from orchestrator.data.images.pictures import Pictures, Scale
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.models.faces import face_model
from orchestrator.unlearning.person.baselines import BASELINES, MetaUnlearn, baseline_named
from orchestrator.unlearning.person.episodes import batch_of, episodes, support_of
from orchestrator.unlearning.person.meta_loss import MetaLoss, Shape
from orchestrator.unlearning.person.training import MetaTraining, train_meta_loss
from orchestrator.unlearning.subject import Batch, Batches, Budget, Data, Subject, derived
from orchestrator.unlearning.tasks import AttributeTask

ORIGINAL, RETRAINED = "original", "retrained"
META = {"meta-unlearn": "full", "meta-unlearn-reviewed": "reviewed", "meta-unlearn-kept": "kept"}
"""Aims by name; the first is the paper's, the last ours."""
WITH_ALL_DATA = ("bad-teacher", "finetune", "random-relabel", "scrub")
"""Baselines that get all pictures of who asks, and all to keep: what the paper lets them have, and 1-SHUI has not."""
METHODS = (*META, *BASELINES)
ASKING = 5
"""People whose support pictures the base does not see, however many of them ask."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a trial trains.

    Attributes:
        network: cnn or vit. height, width: of pictures. steps, rate, batch: of a model's training, Adam with a cosine.
        together: least people in a simulated request. epochs: over all people. meta_rate: of the meta-loss's descent.
        step_rate: η. hidden, embedding: widths of the meta-loss. method_steps, method_rate: of a baseline.
    """

    network: str = "cnn"
    height: int = 28
    width: int = 24
    steps: int = 300
    rate: float = 2e-3
    batch: int = 32
    together: int = 5
    epochs: int = 40
    meta_rate: float = 1e-3
    step_rate: float = 0.1
    hidden: int = 128
    embedding: int = 16
    method_steps: int = 40
    method_rate: float = 3e-4

    def __post_init__(self) -> None:
        counts = (self.steps, self.batch, self.together, self.epochs, self.hidden, self.embedding, self.method_steps)
        if min(counts) < 1 or not min(self.rate, self.meta_rate, self.step_rate, self.method_rate) > 0:
            raise ConfigurationError(f"{self} has a number out of bounds", mend="give numbers above 0")


@dataclass(frozen=True, slots=True)
class Split:
    """Who is what, by one seed.

    Attributes:
        training: what the base learns. support: a picture of each who may ask, in their order; seen by no model.
        validation, test: of people that no model learns.
    """

    training: Faces
    support: Faces
    validation: Faces
    test: Faces
    scale: Scale
    seed: int

    @property
    def asking(self) -> list[int]:
        """Who may ask, in order."""
        return [int(person) for person in self.support.people]

    def first(self, count: int) -> tuple[Faces, Faces]:
        """Pictures to forget of the first so many, and those to keep."""
        people = self.asking[:count]
        return self.training.of(people), self.training.without(people)


def split(faces: Faces, size: Size, seed: int, asking: int = ASKING) -> Split:
    """Draw the parts.

    Raises:
        DataError: labels are classes, people are too few, or somebody who asks has one picture only.
    """
    if faces.labels.ndim != 2:
        raise DataError("a trial is of attributes, and these faces have classes", mend="choose another set")
    small = faces.resized(size.height, size.width)
    parts = split_people(small.people, seed)
    if asking >= len(parts.training):
        raise DataError(f"{asking} of {len(parts.training)} people may ask", mend="give more people, or let fewer ask")
    generator = torch.Generator().manual_seed(derived(seed, "who asks"))
    training = small.of(parts.training)
    order = torch.randperm(len(parts.training), generator=generator)[:asking].tolist()
    supports = []
    for person in (parts.training[place] for place in order):
        own = (training.people == person).nonzero()[:, 0]
        if len(own) < 2:
            raise DataError(f"person {person} has one picture only", mend="leave out people with one picture")
        supports.append(int(own[torch.randint(len(own), (1,), generator=generator)]))
    left = training.at([place for place in range(len(training)) if place not in supports])
    scale = Scale.of(Pictures(left.pixels, torch.zeros(len(left), dtype=torch.int64), 1))
    return Split(left, training.at(supports), small.of(parts.validation), small.of(parts.test), scale, seed)


def trained(faces: Faces, scale: Scale, size: Size, seed: int) -> Subject:
    """A network that learnt these pictures."""
    outputs, channels = len(faces.names), int(faces.pixels.shape[1])
    model = face_model(
        size.network, outputs, channels=channels, height=size.height, width=size.width, seed=seed % 2**31
    )
    subject, batch = Subject.whole(model, AttributeTask(outputs)), batch_of(faces, scale)
    optimizer = torch.optim.Adam(model.parameters(), lr=size.rate)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, size.steps)
    draws = shuffled(batch, size.batch)(derived(seed, "base"))
    model.train()
    for _ in range(size.steps):
        optimizer.zero_grad()
        torch.autograd.backward(subject.task.losses(model, next(draws)).mean())
        optimizer.step()
        falling.step()
    optimizer.zero_grad()
    model.eval()
    return subject


def meta_loss(
    subject: Subject, parts: Split, size: Size, name: str, progress: Callable[[int, float], None] | None = None
) -> tuple[MetaLoss, list[float]]:
    """A meta-loss for a model, of :data:`META`; and the objective episode by episode."""
    people = tuple(sorted(set(parts.training.people.tolist())))
    outputs, width = len(parts.training.names), int(subject.model.width)  # type: ignore[arg-type]
    meta = MetaLoss(Shape(outputs, width, people, size.hidden, size.embedding), seed=parts.seed)
    asked = list(
        episodes(
            parts.training,
            parts.validation,
            parts.scale,
            together=min(size.together, len(people)),
            epochs=size.epochs,
            seed=parts.seed,
        )
    )
    settings = MetaTraining(rate=size.step_rate, learning_rate=size.meta_rate, aim=META[name])
    return meta, train_meta_loss(subject, meta, asked, settings, seed=parts.seed, progress=progress)


def unlearned(base: Subject, parts: Split, size: Size, name: str, count: int, meta: MetaLoss | None) -> Subject:
    """A copy of the base after the first so many were forgotten by a method of :data:`METHODS`."""
    subject = Subject.whole(copy.deepcopy(base.model), base.task)
    support = parts.support.at(range(count))
    if name in META:
        if meta is None:
            raise ConfigurationError(f"{name} needs a meta-loss", mend="train one")
        asked = support_of(support, parts.scale)
        request = {"pixel_values": asked.pixel_values, "labels": asked.targets, "people": asked.people}
        MetaUnlearn(meta, size.step_rate).run(
            subject, Data(lambda _: iter(()), lambda _: iter([request])), Budget(1, 1.0), seed=parts.seed
        )
        return subject
    forget, retain = parts.first(count)
    known = forget if name in WITH_ALL_DATA else support
    data = Data(shuffled(batch_of(retain, parts.scale), size.batch), shuffled(batch_of(known, parts.scale), size.batch))
    baseline_named(name).run(subject, data, Budget(size.method_steps, size.method_rate), seed=parts.seed)
    subject.model.eval()
    return subject


def relearned(subject: Subject, parts: Split, size: Size, count: int) -> float:
    """Percent right on pictures to forget after fine-tuning on those to keep alone: what was only dormant comes back.

    The subject stays as it is; the steps are as many as a baseline's.
    """
    attacked = Subject.whole(copy.deepcopy(subject.model), subject.task)
    forget, retain = parts.first(count)
    data = Data(shuffled(batch_of(retain, parts.scale), size.batch))
    budget = Budget(size.method_steps, size.method_rate)
    baseline_named("finetune").run(attacked, data, budget, seed=derived(parts.seed, "relearning"))
    attacked.model.eval()
    return right(attacked, forget, parts.scale)


def shuffled(batch: Batch, size: int) -> Batches:
    """Endless passes over a batch in batches of at most this size."""

    def draws(seed: int) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(seed)
        while True:
            order = torch.randperm(len(batch["labels"]), generator=generator)
            for start in range(0, len(order), size):
                at = order[start : start + size]
                yield {name: tensor[at] for name, tensor in batch.items()}

    return draws


@torch.no_grad()
def right(subject: Subject, faces: Faces, scale: Scale) -> float:
    """Percent of attributes answered right."""
    batch = batch_of(faces, scale)
    logits = subject.task.logits(subject.model, batch)
    return 100 * float(((logits > 0) == (batch["labels"] > 0.5)).double().mean())


def accuracies(subject: Subject, parts: Split, count: int) -> dict[str, float]:
    """On pictures to keep, to forget, and of test people, in percent."""
    forget, retain = parts.first(count)
    sets = {"retain": retain, "forget": forget, "test": parts.test}
    return {name: right(subject, faces, parts.scale) for name, faces in sets.items()}


def tug_of_war(own: dict[str, float], reference: dict[str, float]) -> float:
    """ToW, 100·Π(1 − |a − a_retrained|/100) over retain, forget and test; 100 is the retrained model's own."""
    return 100 * math.prod(1 - abs(own[name] - reference[name]) / 100 for name in ("retain", "forget", "test"))


def membership(subject: Subject, reference: Subject, parts: Split, count: int) -> float:
    """AUC of RMIA with one reference, on pictures to forget against those of test people; 0.5 is guessing.

    The signal is the log probability of all attributes of a picture; the population are validation people.
    """
    forget, _ = parts.first(count)

    def signals(model: Subject, faces: Faces) -> list[float]:
        batch = batch_of(faces, parts.scale)
        with torch.no_grad():
            logits = model.task.logits(model.model, batch)
        losses = functional.binary_cross_entropy_with_logits(logits, batch["labels"], reduction="none")
        return [float(value) for value in -losses.double().sum(1)]

    def scores(faces: Faces) -> list[float]:
        found = rmia_scores(
            signals(subject, faces),
            [signals(reference, faces)],
            signals(subject, parts.validation),
            [signals(reference, parts.validation)],
        )
        return [float(value) for value in found]

    return auc(scores(forget), scores(parts.test))
