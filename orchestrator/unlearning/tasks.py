"""What models are for: classes of texts, the next token, classes or attributes of images. Losses in nats a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.subject import Batch

IGNORED = -100
"""The label of a place that nothing is predicted for."""


@dataclass(frozen=True, slots=True)
class ClassifierTask:
    """A transformers model for sequence classification with so many classes."""

    classes: int

    def losses(self, model: Any, batch: Batch) -> Tensor:
        return _class_losses(self.logits(model, batch), batch)

    def logits(self, model: Any, batch: Batch) -> Tensor:
        logits: Tensor = model(**_inputs(model, batch)).logits
        return logits.float()

    def wrong_labels(self, batch: Batch, generator: torch.Generator) -> Batch:
        return _other_labels(batch, self.classes, generator)


@dataclass(frozen=True, slots=True)
class CausalTask:
    """A transformers causal language model; the token at a place is predicted from those before it."""

    vocabulary: int

    def losses(self, model: Any, batch: Batch) -> Tensor:
        logits = self.logits(model, batch)[:, :-1]
        labels = batch["labels"].to(logits.device)[:, 1:]
        each = functional.cross_entropy(logits.transpose(1, 2), labels, ignore_index=IGNORED, reduction="none")
        return each.sum(1) / (labels != IGNORED).sum(1).clamp(min=1)

    def logits(self, model: Any, batch: Batch) -> Tensor:
        logits: Tensor = model(**_inputs(model, batch)).logits
        return logits.float()

    def wrong_labels(self, batch: Batch, generator: torch.Generator) -> Batch:
        return _other_labels(batch, self.vocabulary, generator)


@dataclass(frozen=True, slots=True)
class ImageTask:
    """A model that gives logits for ``pixel_values`` (samples, channels, height, width)."""

    classes: int

    def losses(self, model: Any, batch: Batch) -> Tensor:
        return _class_losses(self.logits(model, batch), batch)

    def logits(self, model: Any, batch: Batch) -> Tensor:
        logits: Tensor = model(batch["pixel_values"].to(_device(model)))
        return logits.float()

    def wrong_labels(self, batch: Batch, generator: torch.Generator) -> Batch:
        return _other_labels(batch, self.classes, generator)


@dataclass(frozen=True, slots=True)
class AttributeTask:
    """A model that gives one logit for each attribute that a picture may show, each by itself.

    Labels are float32 (samples, attributes) of 0 and 1; a sample's loss is the mean of its attributes'.
    """

    attributes: int

    def losses(self, model: Any, batch: Batch) -> Tensor:
        logits = self.logits(model, batch)
        labels = batch["labels"].to(logits.device)
        return functional.binary_cross_entropy_with_logits(logits, labels, reduction="none").mean(1)

    def logits(self, model: Any, batch: Batch) -> Tensor:
        logits: Tensor = model(batch["pixel_values"].to(_device(model)))
        return logits.float()

    def wrong_labels(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Each attribute the other way round; there is nothing to draw."""
        return {**batch, "labels": 1 - batch["labels"]}


def scored(logits: Tensor, batch: Batch) -> Tensor:
    """The logits that count, (places, classes): of a language model those whose next token has a label.

    An attribute is a place with two classes.
    """
    labels = batch["labels"].to(logits.device)
    if labels.is_floating_point():
        return torch.stack([torch.zeros_like(logits), logits], -1).flatten(0, 1)
    return logits if labels.ndim == 1 else logits[:, :-1][labels[:, 1:] != IGNORED]


def predicted(batch: Batch) -> Tensor:
    """(samples,): how many places of each sample are predicted; 1 where a sample has one label."""
    labels = batch["labels"]
    if labels.is_floating_point():
        return torch.full((len(labels),), labels.shape[1], device=labels.device)
    return torch.ones_like(labels) if labels.ndim == 1 else (labels[:, 1:] != IGNORED).sum(1)


def _class_losses(logits: Tensor, batch: Batch) -> Tensor:
    return functional.cross_entropy(logits, batch["labels"].to(logits.device), reduction="none")


def _inputs(model: Any, batch: Batch) -> dict[str, Tensor]:
    device = _device(model)
    return {name: tensor.to(device) for name, tensor in batch.items() if name != "labels"}


def _device(model: Any) -> torch.device:
    first: Tensor = next(iter(model.parameters()))
    return first.device


def _other_labels(batch: Batch, classes: int, generator: torch.Generator) -> Batch:
    if classes < 2:
        raise ConfigurationError(f"{classes} class leaves no wrong label", mend="give the number of classes")
    labels = batch["labels"]
    steps = torch.randint(1, classes, labels.shape, generator=generator).to(labels.device)
    return {**batch, "labels": torch.where(labels == IGNORED, labels, (labels + steps) % classes)}
