"""Loss and accuracy on held-out batches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.types import MILLION

IGNORED = -100
WORST_LOSS = 1e6
"""What a loss that is no number, or is larger, counts as: somebody's update can bring a model that far."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Mean loss a token (or a sample), share of right answers where there are classes, number of samples."""

    loss: float
    accuracy: float | None
    samples: int

    def value(self, metric: str) -> int:
        """``loss`` or ``accuracy`` in millionths; a loss is at most :data:`WORST_LOSS`.

        Raises:
            ConfigurationError: a language model has no accuracy, or the metric is unknown.
        """
        chosen = {"loss": self.loss, "accuracy": self.accuracy}.get(metric)
        if chosen is None:
            raise ConfigurationError(f"metric {metric!r} is not measured by this task", mend="use loss or accuracy")
        return round((min(chosen, WORST_LOSS) if math.isfinite(chosen) else WORST_LOSS) * MILLION)


def evaluate(model: Any, batches: Iterable[Mapping[str, Tensor]]) -> Evaluation:
    """Evaluate a causal language model or a classifier; the kind follows from the labels' shape.

    Raises:
        DataError: there is nothing to evaluate on.
    """
    was_training = model.training
    model.eval()
    device = next(iter(model.parameters())).device
    total, right, counted, samples, classes = 0.0, 0, 0, 0, False
    try:
        with torch.no_grad():
            for batch in batches:
                labels = batch["labels"].to(device)
                logits = model(**{k: v.to(device) for k, v in batch.items() if k != "labels"}).logits.float()
                classes = labels.ndim == 1
                if not classes:  # the token at a position is predicted from those before it
                    logits, labels = logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()
                total += float(functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum"))
                right += int((logits.argmax(-1) == labels).sum())
                counted += int((labels != IGNORED).sum())
                samples += int(batch["labels"].shape[0])
    finally:
        model.train(was_training)
    if not counted:
        raise DataError("no held-out sample to evaluate on", mend="give the organisation more data")
    return Evaluation(total / counted, right / counted if classes else None, samples)
