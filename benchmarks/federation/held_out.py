"""Figures of a model on held-out samples, sorted by length so that little padding is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.federation.shards import chosen
from orchestrator.data.prepare import Batch, Samples
from orchestrator.training import Evaluation, evaluate

BATCH = 64
TOKENS = 2048
"""In a batch at most, so that a language model's logits stay small."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One model on several held-out sets.

    Attributes:
        loss, accuracy: by set; nats a sample or token, share of right answers (None for a language model).
        samples: by set.
    """

    loss: Mapping[str, float]
    accuracy: Mapping[str, float] | None
    samples: Mapping[str, int]

    @property
    def mean_loss(self) -> float:
        """Over sets, each counting as much."""
        return sum(self.loss.values()) / len(self.loss)

    @property
    def mean_accuracy(self) -> float | None:
        """Over sets, each counting as much."""
        return None if self.accuracy is None else sum(self.accuracy.values()) / len(self.accuracy)

    @property
    def whole_accuracy(self) -> float | None:
        """Over samples."""
        return None if self.accuracy is None else self._whole(self.accuracy)

    @property
    def whole_loss(self) -> float:
        """Over samples, which are of equal length for a language model."""
        return self._whole(self.loss)

    def _whole(self, figures: Mapping[str, float]) -> float:
        return sum(figures[name] * count for name, count in self.samples.items()) / sum(self.samples.values())


class HeldOut:
    """Held-out sets by name, cut into batches once."""

    def __init__(self, sets: Mapping[str, Samples]) -> None:
        self._batches = {name: in_batches(samples) for name, samples in sets.items()}

    def measure(self, model: Any) -> Measured:
        """Figures of the model as it is now."""
        found: dict[str, Evaluation] = {name: evaluate(model, batches) for name, batches in self._batches.items()}
        right = {name: item.accuracy for name, item in found.items() if item.accuracy is not None}
        return Measured(
            {name: item.loss for name, item in found.items()},
            right or None,
            {name: item.samples for name, item in found.items()},
        )


def in_batches(samples: Samples) -> list[Batch]:
    """Batches of about equal length, always the same; samples are in another order than they were."""
    widths = samples.mask.sum(1)
    ordered = chosen(samples, widths.argsort(stable=True).tolist())
    size = max(1, min(BATCH, TOKENS // int(widths.max())))
    starts = range(0, len(ordered), size)
    return [ordered.batch(range(start, min(start + size, len(ordered)))) for start in starts]
