"""GRNN: a generator is fitted so that the image it makes has the observed gradient.

H. Ren, J. Deng, X. Xie, "GRNN: Generative Regression Neural Network – A Data Leakage Attack for Federated Learning",
arXiv:2105.00529: a fixed random vector goes through a generator for the image and a branch for the label; RMSprop on
squared distance and Wasserstein distance of the gradients and total variation of the image. The paper takes up to
20,000 iterations at 1e-4; here there are at most 4,000 at a larger rate, and the generator is smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from orchestrator.attacks.inversion.generator import Decoder
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.matching import Tensors, squared, total_variation
from orchestrator.attacks.inversion.protocol import Observation, Reconstruction
from orchestrator.attacks.inversion.victim import ImageVictim, View
from orchestrator.errors import ConfigurationError

LATENT = 128
MOST = 4_000
"""Iterations that it may take."""


@dataclass(frozen=True, slots=True)
class Regression:
    """GRNN.

    Attributes:
        iterations: at most :data:`MOST`. rate: of RMSprop. smooth: weight of total variation. transport: weight of
            the Wasserstein distance. converged: squared distance, relative, from which on it stops.
    """

    knowledge: Knowledge
    iterations: int = 3_000
    rate: float = 1e-3
    smooth: float = 1e-3
    transport: float = 0.01
    momentum: float = 0.0
    converged: float = 1e-5

    def __post_init__(self) -> None:
        if not 1 <= self.iterations <= MOST:
            raise ConfigurationError(f"GRNN takes 1 to {MOST} iterations, not {self.iterations}")

    @property
    def name(self) -> str:
        return "grnn"

    def run(self, victim: ImageVictim, observed: Observation, *, seed: int) -> Reconstruction:
        view = victim.view(self.knowledge, seed)
        seen = view.seen(observed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            made = _Made(view, observed.batch)
        distance, used = _fit(view, made, seen, self)
        images, targets = made()
        figures = {"distance": distance, "iterations": float(used)}
        return Reconstruction(view.pixels(images.detach()), targets.detach().argmax(1), figures)


class _Made(nn.Module):
    """Images and soft labels out of fixed random vectors, and what is sought besides."""

    def __init__(self, view: View, batch: int) -> None:
        super().__init__()
        self.latent = torch.randn(batch, LATENT)
        self.decoder = Decoder(LATENT, view.shape)
        self.label = nn.Linear(LATENT, view.classes)
        start = view.guess.start(torch.Generator().manual_seed(int(torch.randint(2**31, (1,)))))
        self.names = tuple(start)
        self.values = nn.ParameterList(nn.Parameter(value) for value in start.values())

    @property
    def sought(self) -> dict[str, Tensor]:
        return dict(zip(self.names, self.values, strict=True))

    def forward(self) -> tuple[Tensor, Tensor]:
        return self.decoder(self.latent).double(), torch.softmax(self.label(self.latent).double(), 1)


def _fit(view: View, made: _Made, seen: Tensors, plan: Regression) -> tuple[float, int]:
    """Distance at the end, and iterations."""
    optimizer = torch.optim.RMSprop(made.parameters(), lr=plan.rate, momentum=plan.momentum)
    sorted_seen = {name: tensor.flatten().sort().values for name, tensor in seen.items()}
    apart, used = torch.ones(()), 0
    while used < plan.iterations and float(apart.detach()) > plan.converged:
        used += 1
        images, targets = made()
        found = view.gradients(images, targets, made.sought)
        apart = squared(found, seen)
        moved = sum(
            ((found[name].flatten().sort().values - line).abs().mean() for name, line in sorted_seen.items()),
            start=torch.zeros((), dtype=torch.float64),
        )
        loss = apart + plan.transport * moved + plan.smooth * total_variation(images)
        optimizer.zero_grad()
        torch.autograd.backward(loss, inputs=list(made.parameters()))
        optimizer.step()
    return float(apart.detach()), used
