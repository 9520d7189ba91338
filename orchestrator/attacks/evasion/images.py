"""Attacks on image classifiers with a bound on every pixel (L∞), by the gradient of the loss.

FGSM: I. Goodfellow, J. Shlens, C. Szegedy, arXiv:1412.6572. PGD: A. Madry and others, arXiv:1706.06083. The attacker
knows the network and its weights, as everybody does once a model is released.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.errors import ConfigurationError

Network = Callable[[Tensor], Tensor]
"""From pixels in [0, 1], [batch, channels, height, width], to logits [batch, classes]. It normalises by itself."""


class ImageAttack(Protocol):
    """One attack. ``name``: short, for tables."""

    @property
    def name(self) -> str: ...

    def perturb(self, network: Network, images: Tensor, labels: Tensor, *, epsilon: float, seed: int) -> Tensor:
        """Images in [0, 1], no pixel farther than ``epsilon`` from what it was. ``seed`` decides all that is random."""
        ...


@dataclass(frozen=True, slots=True)
class Fgsm:
    """One step of ε along the sign of the gradient."""

    name: str = "fgsm"

    def perturb(self, network: Network, images: Tensor, labels: Tensor, *, epsilon: float, seed: int) -> Tensor:
        return (images + epsilon * _gradient(network, images, labels).sign()).clamp(0, 1)


@dataclass(frozen=True, slots=True)
class Pgd:
    """Many small steps, from the image itself and from random places of the ε-ball; the worst place seen counts.

    Attributes:
        steps: of one walk. reach: how far a walk could come, in ε: a step is reach·ε/steps (2.5 by Madry and others).
        restarts: walks from random places, besides the one from the image.
    """

    steps: int = 20
    reach: float = 2.5
    restarts: int = 1
    name: str = "pgd"

    def __post_init__(self) -> None:
        if self.steps < 1 or self.restarts < 0 or self.reach <= 0:
            raise ConfigurationError(f"PGD with {self.steps} steps and {self.restarts} restarts is none")

    def perturb(self, network: Network, images: Tensor, labels: Tensor, *, epsilon: float, seed: int) -> Tensor:
        draw = torch.Generator().manual_seed(seed)
        worst, highest = images, _badness(network, images, labels)
        for walk_number in range(1 + self.restarts):
            start = images if walk_number == 0 else _somewhere(images, epsilon, draw)
            step = self.reach * epsilon / self.steps
            for place in walk(network, images, labels, start, epsilon=epsilon, step=step, steps=self.steps):
                badness = _badness(network, place, labels)
                better = badness > highest
                highest = torch.where(better, badness, highest)
                worst = torch.where(better[:, None, None, None], place, worst)
        return worst


def walk(
    network: Network, images: Tensor, labels: Tensor, start: Tensor, *, epsilon: float, step: float, steps: int
) -> Iterator[Tensor]:
    """The places of one walk uphill, without its start; each in the ε-ball around ``images`` and in [0, 1]."""
    place = start
    for _ in range(steps):
        place = place + step * _gradient(network, place, labels).sign()
        place = torch.minimum(torch.maximum(place, images - epsilon), images + epsilon).clamp(0, 1)
        yield place


def wrong(network: Network, images: Tensor, labels: Tensor) -> Tensor:
    """Which images are classified wrongly, bool [batch]."""
    with torch.no_grad():
        return network(images).argmax(1) != labels


def _badness(network: Network, images: Tensor, labels: Tensor) -> Tensor:
    """By how much another class is above the right one [batch]: positive where the network is wrong.

    The loss would do for the walk, yet the place of the highest loss need not be a wrong one.
    """
    with torch.no_grad():
        logits = network(images)
    right = logits.gather(1, labels[:, None])[:, 0]
    others = logits.scatter(1, labels[:, None], -torch.inf)
    return others.max(1).values - right


def _gradient(network: Network, images: Tensor, labels: Tensor) -> Tensor:
    with torch.enable_grad():
        moving = images.detach().requires_grad_()
        loss = functional.cross_entropy(network(moving), labels, reduction="sum")
        (found,) = torch.autograd.grad(loss, moving)
    return found


def _somewhere(images: Tensor, epsilon: float, draw: torch.Generator) -> Tensor:
    noise = torch.rand(images.shape, generator=draw, dtype=torch.float32).to(images)
    return (images + epsilon * (2 * noise - 1)).clamp(0, 1)
