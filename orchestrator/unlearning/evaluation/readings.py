"""What a model says of every sample of a set: the numbers that all attacks and figures are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from orchestrator.attacks.rows import IGNORED
from orchestrator.unlearning.subject import Batch, Subject

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Text:
    """A text's predicted tokens, in order.

    Attributes:
        log_p: of the true token. mean, deviation: of log p over the vocabulary, under the model's own distribution.
        right: whether the true token is the likeliest.
    """

    log_p: Array
    mean: Array
    deviation: Array
    right: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Readings:
    """Of the samples of a set, in order.

    Attributes:
        losses: nats a sample; of a text the mean over its tokens.
        right: places that are predicted rightly, of ``places``: one a sample, or its tokens.
        texts: of a language model.
    """

    losses: Array
    right: Array
    places: Array
    texts: tuple[Text, ...] = ()

    @property
    def accuracy(self) -> float:
        """Share of right predictions, of classes or of next tokens."""
        return float(self.right.sum() / self.places.sum())

    @property
    def loss(self) -> float:
        """Mean over samples, nats."""
        return float(self.losses.mean())


def read(subject: Subject, batches: Iterable[Batch], *, texts: bool = False) -> Readings:
    """Ask a model about every sample.

    Args:
        batches: in order, once. texts: also token by token, of a language model.
    """
    losses: list[Array] = []
    right: list[float] = []
    places: list[float] = []
    found: list[Text] = []
    with subject.evaluated(), torch.no_grad():
        for batch in batches:
            losses.append(subject.task.losses(subject.model, batch).double().cpu().numpy())
            logits, labels = _predictions(subject, batch)
            counted = labels != IGNORED
            hits = (logits.argmax(-1) == labels) & counted
            right += hits.flatten(1).sum(1).double().tolist()
            places += counted.flatten(1).sum(1).double().tolist()
            if texts and batch["labels"].ndim == 2:
                found += _texts(logits, labels, hits, counted)
    return Readings(np.concatenate(losses), np.asarray(right), np.asarray(places), tuple(found))


def accuracy(subject: Subject, batches: Iterable[Batch]) -> float:
    """Only the share of right predictions; for measuring in the midst of an attack."""
    right = places = 0
    with subject.evaluated(), torch.no_grad():
        for batch in batches:
            logits, labels = _predictions(subject, batch)
            right += int((logits.argmax(-1) == labels).sum())
            places += int((labels != IGNORED).sum())
    return right / max(places, 1)


def _predictions(subject: Subject, batch: Batch) -> tuple[Tensor, Tensor]:
    """(samples, places, classes) and (samples, places): a text's tokens are predicted from those before them."""
    logits = subject.task.logits(subject.model, batch)
    labels = batch["labels"].to(logits.device)
    if labels.ndim == 1:
        return logits.unsqueeze(1), labels.unsqueeze(1)
    return logits[:, :-1], labels[:, 1:]


def _texts(logits: Tensor, labels: Tensor, hits: Tensor, counted: Tensor) -> list[Text]:
    log_p = logits.log_softmax(-1)
    p = log_p.exp()
    mean = (p * log_p).sum(-1)
    deviation = ((p * log_p.square()).sum(-1) - mean.square()).clamp(min=0).sqrt()
    own = log_p.gather(-1, labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    found = []
    for row, chosen in enumerate(counted):
        numbers = [tensor[row][chosen].double().cpu().numpy() for tensor in (own, mean, deviation)]
        right = np.asarray(hits[row][chosen].cpu().numpy(), dtype=bool)
        found.append(Text(numbers[0], numbers[1], numbers[2], right))
    return found
