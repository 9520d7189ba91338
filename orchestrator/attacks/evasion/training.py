"""Adversarial training of image classifiers, and what it costs.

Every batch is replaced by what an attack makes of it (A. Madry and others, arXiv:1706.06083). It is an option for
whoever has to withstand such inputs: it takes as many times longer as the attack has steps, and costs accuracy on
inputs that nobody changed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from orchestrator.attacks.evasion.curve import Curve
from orchestrator.attacks.evasion.images import ImageAttack
from orchestrator.errors import DataError


@dataclass(frozen=True, slots=True)
class Schedule:
    """Plain Adam. ``epochs`` over all samples in batches of ``batch``, learning rate ``rate``."""

    epochs: int = 5
    batch: int = 128
    rate: float = 1e-3


@dataclass(frozen=True, slots=True)
class Effort:
    """What a training took: ``seconds`` of the processor, all cores together."""

    steps: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Price:
    """Adversarial training beside plain training of the same network.

    Attributes:
        clean_lost: accuracy lost on unchanged inputs. robust_gained: accuracy gained at the budget.
        slower: processor time of the one over that of the other.
    """

    budget: float
    clean_lost: float
    robust_gained: float
    slower: float

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "budget": self.budget,
            "clean_lost": self.clean_lost,
            "robust_gained": self.robust_gained,
            "slower": self.slower,
        }


def train(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    schedule: Schedule,
    *,
    seed: int,
    attack: ImageAttack | None = None,
    epsilon: float = 0.0,
) -> Effort:
    """Train in place, under an attack where one is given. ``seed`` decides the order and the attack's random places.

    The attack sees the network in evaluation mode, so that batch norms keep their statistics.

    Args:
        images: pixels in [0, 1], [samples, channels, height, width]. labels: int64 [samples].

    Raises:
        DataError: no sample.
    """
    if not len(images):
        raise DataError("there is nothing to train on", mend="give images with labels")
    optimiser = torch.optim.Adam(network.parameters(), lr=schedule.rate)
    order, started, steps = torch.Generator().manual_seed(seed), time.process_time(), 0
    for _ in range(schedule.epochs):
        shuffled = torch.randperm(len(images), generator=order)
        for start in range(0, len(images), schedule.batch):
            rows = shuffled[start : start + schedule.batch]
            chosen, right = images[rows], labels[rows]
            if attack is not None:
                network.eval()
                chosen = attack.perturb(network, chosen, right, epsilon=epsilon, seed=seed + steps)
            network.train()
            optimiser.zero_grad()
            functional.cross_entropy(network(chosen), right).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            steps += 1
    network.eval()
    return Effort(steps, time.process_time() - started)


def price(plain: tuple[Curve, Effort], hardened: tuple[Curve, Effort], budget: float) -> Price:
    """What the hardened network gained at a budget, and what that cost.

    Raises:
        ConfigurationError: a curve was not measured at 0 or at the budget.
    """
    (before, short), (after, long) = plain, hardened
    return Price(
        budget,
        clean_lost=before.at(0).value - after.at(0).value,
        robust_gained=after.at(budget).value - before.at(budget).value,
        slower=long.seconds / short.seconds,
    )
