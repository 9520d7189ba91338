"""Numbers on a grid: multiples of 2**-bits that fp32 holds exactly, so that their sums are sums of integers.

An integer below 2**23 has at most 23 bits, so it and its product with a power of two lose nothing in fp32. A weight is
an integer over 2**32, and weights of a round sum to 2**32 at most: Σ weight·integer stays below 2**55, and an int64
holds the sums of 255 rounds in any order.
"""

from __future__ import annotations

import torch
from torch import Tensor

from orchestrator.contribution.refusal import ContributionRefused, Reason

LIMIT = 1 << 23
"""Every integer is smaller than this, either way."""


def to_grid(name: str, tensor: Tensor, bits: int) -> Tensor:
    """The nearest multiples of 2**-bits, halves to the even one.

    Raises:
        ContributionRefused: a number is too large for the grid, or none at all.
    """
    steps = (tensor.float() * 2.0**bits).round()
    _check_size(name, steps, bits)
    return (steps + 0.0) * 2.0**-bits  # no negative zeros


def integers(name: str, tensor: Tensor, bits: int) -> Tensor:
    """The numbers as multiples of 2**-bits, int32.

    Raises:
        ContributionRefused: one is not on the grid, or too large for it.
    """
    steps = tensor.float() * 2.0**bits
    _check_size(name, steps, bits)
    whole = steps.to(torch.int32)
    if not torch.equal(whole.float(), steps):
        raise ContributionRefused(Reason.OFF_GRID, f"{name!r} holds a number that is no multiple of 2^-{bits}")
    return whole


def _check_size(name: str, steps: Tensor, bits: int) -> None:
    if not bool((steps.abs() < LIMIT).all()):  # false for NaN as well
        end = f"{LIMIT / 2**bits:g}, where a grid of 2^-{bits} ends"
        raise ContributionRefused(Reason.OVERFLOW, f"{name!r} holds a number that is not below {end}")


def saturated(tensor: Tensor, bits: int) -> Tensor:
    """The nearest multiples of 2**-bits as int64, those too large for the grid at its ends: for any finite numbers."""
    steps = (tensor.double() * 2.0**bits).round()
    return steps.clamp(1 - LIMIT, LIMIT - 1).to(torch.int64)
