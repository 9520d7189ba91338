"""Figures of an unlearned model beside the original and a retrained one. Pure functions; torch only where models are.

Shares are in [0, 1], points are hundredths of them. A gap is the value minus the retrained model's: low accuracy on the
forget set alone is no success.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.errors import DataError
from orchestrator.unlearning.evaluation.statistics import (
    Interval,
    KolmogorovSmirnov,
    forget_quality,
    t_interval,
    t_quantile,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = [
    "Interval",
    "KolmogorovSmirnov",
    "Line",
    "distance",
    "forget_quality",
    "gap",
    "loss_line",
    "priv_leak",
    "t_interval",
    "t_quantile",
    "tow_product",
    "tow_to_retrained",
]

STRIDE = 0.05


def gap(value: float, retrained: float) -> float:
    """Value minus the retrained model's, in points, of two shares."""
    return 100 * (value - retrained)


def tow_to_retrained(unlearned: Sequence[float], retrained: Sequence[float]) -> float:
    """Tug of war of De Min and others (arXiv 2407.12069): 100·Π(1 − |a_u − a_retrained|) over forget, retain, test.

    100 is a model as accurate as the retrained one on all three.
    """
    return 100 * math.prod(1 - abs(mine - other) for mine, other in zip(unlearned, retrained, strict=True))


def tow_product(forget: float, retain: float, test: float) -> float:
    """The other tug of war: 100·retain·(1 − forget)·test, which asks no reference and rewards forgetting too much."""
    return 100 * retain * (1 - forget) * test


def priv_leak(auc_unlearned: float, auc_retrained: float) -> float | None:
    """PrivLeak of MUSE (arXiv 2407.06460): 100·[(1 − AUC_u) − (1 − AUC_r)]/(1 − AUC_r), 0 is the target.

    Below 0 the model tells who was in, above 0 it forgot too well. None where AUC_r is 1, to which nothing compares.
    """
    return None if auc_retrained >= 1 else 100 * (auc_retrained - auc_unlearned) / (1 - auc_retrained)


def distance(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> float:
    """‖first − second‖₂ over all tensors: of ΔW or of whole weights, which differ by the base; added up in float64.

    Raises:
        DataError: they do not hold tensors of the same names and shapes.
    """
    _check_alike(first, second)
    total = 0.0
    for name, tensor in first.items():
        total += float((tensor.detach().double() - second[name].detach().double().to(tensor.device)).square().sum())
    return math.sqrt(total)


@dataclass(frozen=True, slots=True)
class Line:
    """Losses on the straight line between two models; ``places`` go from 0, the first, to 1, the second."""

    places: tuple[float, ...]
    losses: tuple[float, ...]

    @property
    def barrier(self) -> float:
        """max over t of L(θ_t) − [(1 − t)·L₀ + t·L₁]; at least 0, which is a valley without any barrier."""
        first, last = self.losses[0], self.losses[-1]
        return max(loss - ((1 - t) * first + t * last) for t, loss in zip(self.places, self.losses, strict=True))


def loss_line(
    model: nn.Module,
    first: Mapping[str, Tensor],
    second: Mapping[str, Tensor],
    loss: Callable[[], float],
    *,
    stride: float = STRIDE,
) -> Line:
    """Measure the losses on the line between two states of a model, buffers such as batch norm's interpolated too.

    Args:
        model: gets the states in turn, and in the end its own bits again.
        first, second: parameters and buffers by name, of the model's or a part of them.
        loss: of the model as it is; called in evaluation mode, without gradients.
        stride: between two places; 1/stride is a whole number.

    Raises:
        DataError: the states do not hold tensors of the same names and shapes, or name what the model has not.
    """
    import torch

    _check_alike(first, second)
    held = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    if missing := sorted(set(first) - set(held)):
        raise DataError(f"the model has no tensor {missing[0]}")
    before = {name: held[name].detach().clone() for name in first}
    training = [(module, module.training) for module in model.modules()]
    places = tuple(round(index * stride, 12) for index in range(round(1 / stride) + 1))
    losses = []
    try:
        model.eval()
        with torch.no_grad():
            for t in places:
                for name in first:
                    held[name].copy_(_between(first[name], second[name], t))
                losses.append(float(loss()))
    finally:
        with torch.no_grad():
            for name, tensor in before.items():
                held[name].copy_(tensor)
        for module, mode in training:
            module.training = mode
    return Line(places, tuple(losses))


def _between(first: Tensor, second: Tensor, t: float) -> Tensor:
    """The ends to the bit; counters, which are no point of a line, as the nearer end has them."""
    if t in (0.0, 1.0) or not first.is_floating_point():
        return first if t < 0.5 else second
    return first * (1 - t) + second.to(first.device) * t


def _check_alike(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> None:
    different = sorted(set(first) ^ set(second)) or [n for n in first if first[n].shape != second[n].shape]
    if different:
        raise DataError(f"the two models differ in {different[0]}, so they are not of one kind")
