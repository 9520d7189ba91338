"""What accuracy an attack leaves at each budget.

Budgets are nested: who may change more may change less, too. So a sample that fell at a small budget counts as fallen
at every larger one, and no curve rises.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from orchestrator.attacks.evasion.images import ImageAttack, Network, wrong
from orchestrator.attacks.shares import Share, share_of
from orchestrator.errors import ConfigurationError, DataError

BATCH = 256


@dataclass(frozen=True, slots=True)
class Point:
    """Accuracy left at a budget: ε of a pixel in [0, 1], or the share of words that may be swapped."""

    budget: float
    accuracy: Share


@dataclass(frozen=True, slots=True)
class Curve:
    """Robust accuracy by budget, the smallest first.

    Attributes:
        attack: its name. points: budgets rising, accuracies falling.
    """

    attack: str
    points: tuple[Point, ...]

    def at(self, budget: float) -> Share:
        """Accuracy at one of the budgets measured.

        Raises:
            ConfigurationError: nothing was measured there, and nothing is interpolated.
        """
        for point in self.points:
            if point.budget == budget:
                return point.accuracy
        known = ", ".join(f"{point.budget:g}" for point in self.points)
        raise ConfigurationError(f"{self.attack} was not measured at {budget:g}", mend=f"choose one of {known}")

    def document(self) -> dict[str, Any]:
        """For JSON."""
        points = [{"budget": point.budget, **point.accuracy.document()} for point in self.points]
        return {"attack": self.attack, "points": points}


def robust_curve(
    network: Network,
    attack: ImageAttack,
    images: Tensor,
    labels: Tensor,
    budgets: Sequence[float],
    *,
    seed: int,
) -> Curve:
    """Accuracy of an image classifier under an attack; at the budget 0 without one.

    Args:
        images: pixels in [0, 1], [samples, channels, height, width]. labels: int64 [samples]. budgets: ε, from 0.

    Raises:
        DataError: no sample, or pixels outside [0, 1]. ConfigurationError: no budget, or a negative one.
    """
    if not len(images) or len(images) != len(labels) or images.min() < 0 or images.max() > 1:
        raise DataError("robust accuracy needs images in [0, 1] with labels", mend="scale pixels, normalise in the net")
    fallen, points = torch.zeros(len(images), dtype=torch.bool), []
    for budget in _rising(budgets):
        for rows in _parts(torch.nonzero(~fallen)[:, 0]):
            chosen, right = images[rows], labels[rows]
            if budget > 0:
                chosen = attack.perturb(network, chosen, right, epsilon=budget, seed=seed)
            fallen[rows] = wrong(network, chosen, right)
        points.append(Point(budget, share_of(int((~fallen).sum()), len(images))))
    return Curve(attack.name, tuple(points))


def curve_of_needs(attack: str, needs: Sequence[float | None], budgets: Sequence[float]) -> Curve:
    """The curve of an attack that says what it needed for each sample.

    Args:
        needs: smallest budget found that makes the model wrong; 0 where it is wrong anyway, None where none did.

    Raises:
        DataError: no sample. ConfigurationError: no budget, or a negative one.
    """
    points = []
    for budget in _rising(budgets):
        left = sum(need is None or need > budget for need in needs)
        points.append(Point(budget, share_of(left, len(needs))))
    return Curve(attack, tuple(points))


def masked(single: Curve, iterated: Curve) -> tuple[float, ...]:
    """Budgets at which one step leaves less accuracy than many do.

    There should be none. Where there is one, gradients lead the many steps astray and robust accuracies are too good
    (A. Athalye, N. Carlini, D. Wagner, arXiv:1802.00420).
    """
    return tuple(point.budget for point in single.points if point.accuracy.value < iterated.at(point.budget).value)


def _rising(budgets: Sequence[float]) -> list[float]:
    if not budgets or min(budgets) < 0:
        raise ConfigurationError(f"budgets {list(budgets)} are none", mend="give one or more from 0 on")
    return sorted(set(budgets))


def _parts(rows: Tensor) -> Iterator[Tensor]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
