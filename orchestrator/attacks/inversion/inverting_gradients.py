"""Inverting gradients: the direction of the gradient counts, images are smooth, and Adam follows signs.

J. Geiping and others, "Inverting Gradients – How easy is it to break privacy in federated learning?", arXiv:2003.14053:
1 − cosine plus total variation, Adam 0.1 on the sign of the slope, the rate divided by ten after 3/8, 5/8 and 7/8 of
the iterations, pixels kept in [0, 1]. The label is recovered from the head's gradient before. What is sought besides
the image (a key, γ and β) descends in the same way, but along its slope and at a tenth of the rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from orchestrator.attacks.inversion.guesses import Sought
from orchestrator.attacks.inversion.idlg import recovered_label
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.matching import cosine, total_variation
from orchestrator.attacks.inversion.protocol import Observation, Reconstruction
from orchestrator.attacks.inversion.victim import ImageVictim, View

FALLS = (3 / 8, 5 / 8, 7 / 8)
"""Parts of the iterations after which the rate falls to a tenth."""
Distance = Callable[[Tensor, Sought], Tensor]
"""Of images and what is sought besides; a scalar."""


@dataclass(frozen=True, slots=True)
class InvertingGradients:
    """The attack on one image.

    Attributes:
        iterations: for each start. starts: of which the nearest is taken. smooth: weight of the total variation.
        rate: of Adam.
    """

    knowledge: Knowledge
    iterations: int = 1_000
    starts: int = 1
    smooth: float = 1e-2
    rate: float = 0.1

    @property
    def name(self) -> str:
        return "inverting-gradients"

    def run(self, victim: ImageVictim, observed: Observation, *, seed: int) -> Reconstruction:
        view = victim.view(self.knowledge, seed)
        seen, label = view.seen(observed), torch.tensor([recovered_label(observed.tensors, view.classes)])

        def distance(images: Tensor, sought: Sought) -> Tensor:
            return cosine(view.gradients(images, label, sought), seen)

        return best_of(view, distance, label, self, seed)


@dataclass(slots=True)
class Found:
    """One descent: where it ended."""

    images: Tensor
    distance: float


def best_of(view: View, distance: Distance, labels: Tensor, plan: InvertingGradients, seed: int) -> Reconstruction:
    """Descend from every start; the nearest."""
    generator = torch.Generator().manual_seed(seed)
    ends = [_descend(view, distance, plan, generator) for _ in range(plan.starts)]
    best = min(ends, key=lambda end: end.distance)
    figures = {"distance": best.distance, "starts": float(plan.starts), "iterations": float(plan.iterations)}
    return Reconstruction(view.pixels(best.images), labels, figures)


def _descend(view: View, distance: Distance, plan: InvertingGradients, generator: torch.Generator) -> Found:
    images = torch.randn(1, *view.shape, generator=generator, dtype=torch.float64).requires_grad_()
    sought = {name: value.requires_grad_() for name, value in view.guess.start(generator).items()}
    groups = [{"params": [images], "lr": plan.rate}, {"params": list(sought.values()), "lr": plan.rate / 10}]
    optimizer = torch.optim.Adam([group for group in groups if group["params"]])
    falls = [math.floor(part * plan.iterations) for part in FALLS]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, falls, gamma=0.1)
    leaves = [images, *sought.values()]
    best = Found(images.detach().clone(), math.inf)
    for _ in range(plan.iterations):
        apart = distance(images, sought)
        slopes = torch.autograd.grad(apart + plan.smooth * total_variation(images), leaves)
        if float(apart.detach()) < best.distance:
            best = Found(images.detach().clone(), float(apart.detach()))
        for leaf, slope in zip(leaves, slopes, strict=True):
            leaf.grad = slope.sign() if leaf is images else slope
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            images.clamp_(0, 1)
    return best
