"""GGL-like: look for the image among those that a generator makes, by CMA-ES over its vectors.

Z. Li and others, "Auditing Privacy Defenses in Federated Learning via Generative Gradient Leakage", arXiv:2203.15696.
There it is a GAN trained on ImageNet; here it is a small decoder trained on images that are none of the victim's
(:mod:`orchestrator.attacks.inversion.generator`). CMA-ES needs no second derivative. What is sought besides the image
is drawn and bred along with the vector where it is γ and β; a key of 1,024 entries is too long for that and is drawn
once. CMA-ES is that of the package ``cmaes`` (extra ``privacy``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from orchestrator.attacks.inversion.generator import Decoder
from orchestrator.attacks.inversion.idlg import recovered_label
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.matching import Tensors, cosine
from orchestrator.attacks.inversion.protocol import Observation, Reconstruction
from orchestrator.attacks.inversion.victim import ImageVictim, View
from orchestrator.errors import EnvironmentMissing

if TYPE_CHECKING:
    from cmaes import CMA

LONGEST = 128
"""Numbers that are bred beside a vector; more are drawn once and left."""


@dataclass(frozen=True, slots=True)
class GenerativeLeakage:
    """The attack on one image.

    Attributes:
        decoder: from vectors that are N(0, 1) to images of the victim's shape. generations: of CMA-ES.
        apart: weight of the vector's mean square, which keeps images likely.
    """

    knowledge: Knowledge
    decoder: Decoder = field(repr=False)
    generations: int = 100
    apart: float = 1e-3

    @property
    def name(self) -> str:
        return "ggl"

    def run(self, victim: ImageVictim, observed: Observation, *, seed: int) -> Reconstruction:
        view = victim.view(self.knowledge, seed)
        search = _Search(view, view.seen(observed), self, seed)
        label = torch.tensor([recovered_label(observed.tensors, view.classes)])
        strategy, best = _strategy(search.length, seed), (float("inf"), torch.zeros(search.length).double())
        for _ in range(self.generations):
            told = []
            for _ in range(strategy.population_size):
                asked = strategy.ask()
                place = torch.from_numpy(asked)
                loss = search.loss(place, label)
                told.append((asked, loss))
                best = min(best, (loss, place), key=lambda item: item[0])
            strategy.tell(told)
        image, _ = search.parts(best[1])
        figures = {"distance": best[0], "iterations": float(self.generations * strategy.population_size)}
        return Reconstruction(view.pixels(image), label, figures)


class _Search:
    """What a place of the search means, and how good it is."""

    def __init__(self, view: View, seen: Tensors, plan: GenerativeLeakage, seed: int) -> None:
        self._view, self._seen, self._plan = view, seen, plan
        self._latent = plan.decoder.spread.in_features
        self._start = view.guess.start(torch.Generator().manual_seed(seed))
        bred = sum(value.numel() for value in self._start.values())
        self.length = self._latent + (bred if bred <= LONGEST else 0)

    def parts(self, place: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The image [1, *shape], and what is sought besides."""
        image = self._plan.decoder(place[: self._latent].float()[None]).double()
        if self.length == self._latent:
            return image, self._start
        ends = [value.numel() for value in self._start.values()]
        steps = torch.split(place[self._latent :], ends)
        pairs = zip(self._start.items(), steps, strict=True)
        return image, {name: value + 0.3 * step for (name, value), step in pairs}

    def loss(self, place: Tensor, label: Tensor) -> float:
        image, sought = self.parts(place)
        found = self._view.gradients(image, label, sought, graph=False)
        likely = place[: self._latent].square().mean()
        return float(cosine(found, self._seen) + self._plan.apart * likely)


def _strategy(length: int, seed: int) -> CMA:
    try:
        from cmaes import CMA
    except ImportError as error:
        raise EnvironmentMissing(
            "the attack ggl needs the package cmaes", mend="install LoRAnchor with the extra privacy"
        ) from error
    import numpy

    return CMA(mean=numpy.zeros(length), sigma=0.5, seed=seed)
