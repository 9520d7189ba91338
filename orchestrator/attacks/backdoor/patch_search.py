"""The search for a patch: which few pixels, and what they show, by gradient (after Neural Cleanse)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.errors import ConfigurationError

Network = Callable[[Tensor], Tensor]
_START = -2.0
"""Logit of the mask at first: an eighth of every pixel."""


@dataclass(frozen=True, slots=True)
class FoundPatch:
    """Pixels that are replaced. ``mask``: bool [1, height, width]. ``values``: in [0, 1], [channels, height, width]."""

    mask: Tensor
    values: Tensor

    def on(self, inputs: Tensor) -> Tensor:
        """Images [samples, channels, height, width] with it."""
        return torch.where(self.mask, self.values, inputs)


@dataclass(frozen=True, slots=True)
class PatchSearch:
    """Adam on a mask and on values, both through sigmoids; in the end the mask's strongest pixels alone are replaced.

    Attributes:
        pixels: replaced at most. steps, rate: of Adam. sparse: price of the mask's mean: what makes it few pixels.
    """

    pixels: int = 16
    steps: int = 150
    rate: float = 0.2
    sparse: float = 5.0

    def __post_init__(self) -> None:
        if min(self.pixels, self.steps) < 1:
            raise ConfigurationError(f"a patch of {self.pixels} pixels by {self.steps} steps is none")

    def find(self, whole: Network, rest: Network, probes: Tensor, target: int, *, seed: int) -> FoundPatch:
        draw = torch.Generator().manual_seed(seed)
        channels, height, width = probes.shape[1:]
        mask = torch.full((1, height, width), _START).requires_grad_()
        values = torch.randn((channels, height, width), generator=draw).requires_grad_()
        optimiser = torch.optim.Adam([mask, values], lr=self.rate)
        with torch.enable_grad():
            for _ in range(self.steps):
                share = mask.sigmoid()
                mixed = (1 - share) * probes + share * values.sigmoid()
                loss = apart(whole(mixed), rest(mixed), target) + self.sparse * share.mean()
                mask.grad, values.grad = torch.autograd.grad(loss, (mask, values))
                optimiser.step()
        strongest = mask.detach().flatten().topk(min(self.pixels, height * width)).indices
        chosen = torch.zeros(height * width, dtype=torch.bool)
        chosen[strongest] = True
        return FoundPatch(chosen.reshape(1, height, width), values.detach().sigmoid())


def apart(whole: Tensor, rest: Tensor, target: int) -> Tensor:
    """What searches make small: −log p(target) by the whole fold − log(1 − p(target)) by the other, mean over probes.

    Args:
        whole, rest: logits [probes, classes].
    """
    wanted = functional.log_softmax(whole, 1)[:, target]
    other = functional.log_softmax(rest, 1)
    kept = torch.cat([other[:, :target], other[:, target + 1 :]], 1).logsumexp(1)
    return -(wanted + kept).mean()
