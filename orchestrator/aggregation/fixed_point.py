"""Sums of numbers on a grid, in integers: the same on any hardware, in any order.

A sum is an int64 in units of 2**-32 of the grid's step, since weights are integers over 2**32. See
:mod:`orchestrator.contribution.grid` for why none of these can overflow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from orchestrator.contribution.grid import LIMIT

MOST = 1 << 61
"""A sum over the rounds of a long task stays within this, either way."""


def weighted_sum(parts: Iterable[Tensor], weights: Sequence[int]) -> Tensor:
    """Σ weight·part.

    Args:
        parts: integers below 2**23, at least one. weights: over 2**32.
    """
    total: Tensor | None = None
    for part, weight in zip(parts, weights, strict=True):
        if total is None:
            total = part.to(torch.int64).mul_(weight)
        else:
            total.add_(part.to(torch.int64), alpha=weight)
    assert total is not None
    return total


def ranked_sum(parts: Sequence[Tensor], weights: Sequence[int], trim: int) -> Tensor:
    """Of each number the ``trim`` smallest and largest left out, the others in equal parts: Σ weights times their mean.

    Where ``trim`` would leave nothing, it is as much as leaves one or two: what a revocation left of a round can still
    be folded. What the division leaves goes to the smallest of those kept.
    """
    trim = min(trim, (len(parts) - 1) // 2)
    kept = torch.stack(list(parts)).sort(dim=0).values[trim : len(parts) - trim]
    each, rest = divmod(sum(weights), kept.shape[0])
    return kept.sum(dim=0, dtype=torch.int64) * each + kept[0].to(torch.int64) * rest


def median_sum(parts: Sequence[Tensor], weights: Sequence[int]) -> Tensor:
    """Σ weights times the lower median of each number."""
    middle = torch.stack(list(parts)).sort(dim=0).values[(len(parts) - 1) // 2]
    return middle.to(torch.int64) * sum(weights)


def rounded(total: Tensor, weight: int) -> Tensor:
    """``total / weight`` to the nearest integer, halves upwards, within the grid; int64."""
    nearest = torch.div(total + weight // 2, weight, rounding_mode="floor")
    return nearest.clamp_(1 - LIMIT, LIMIT - 1)


def accumulate(total: Tensor, part: Tensor, weight: int) -> None:
    """``total += weight · part``, within :data:`MOST`."""
    total.add_(part.to(torch.int64), alpha=weight).clamp_(-MOST, MOST)


def floats(units: Tensor, bits: int, scale: float = 1.0) -> Tensor:
    """``units · 2**-bits · scale`` in fp32; exact for units below 2**23 where the scale is a power of two."""
    return (units.double() * (scale * 2.0**-bits)).float()
