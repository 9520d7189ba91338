"""DLG: find the image, and its label, whose gradient is the observed one, by L-BFGS.

L. Zhu, Z. Liu, S. Han, "Deep Leakage from Gradients", arXiv:1906.08935: from N(0, 1), learning rate 1, squared
distance, a soft label that is found too. Many starts lead nowhere, so several are made and the nearest one is taken;
one that converged ends the attack. With ``label="recovered"`` it is iDLG (arXiv:2001.02610). Under a lock a key, or γ
and β, are found together with the image, as in arXiv:2305.04095. It needs a network with second derivatives that are
not zero almost everywhere: with ReLU it diverges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from orchestrator.attacks.inversion.idlg import recovered_label, soft_targets
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.matching import Tensors, squared
from orchestrator.attacks.inversion.protocol import Observation, Reconstruction
from orchestrator.attacks.inversion.victim import ImageVictim, View

INNER = 20
"""Steps of L-BFGS between two looks at the distance; PyTorch's own number, as in the authors' code."""

FINE = 0.01
"""A start that converged is followed on, until it is stuck or nearer by so much: small differences still show."""


@dataclass(frozen=True, slots=True)
class DeepLeakage:
    """DLG, or iDLG.

    Attributes:
        rounds: of :data:`INNER` steps, for each start. starts: at most. patience: rounds in which the distance must be
            halved, or the start is given up. converged: squared distance, relative to the
            observed gradient's, from which on an attempt is taken for right.
        label: sought with the image, or recovered before.
    """

    knowledge: Knowledge
    rounds: int = 150
    starts: int = 8
    patience: int = 10
    converged: float = 1e-6
    label: Literal["sought", "recovered"] = "sought"

    @property
    def name(self) -> str:
        return "dlg" if self.label == "sought" else "idlg"

    def run(self, victim: ImageVictim, observed: Observation, *, seed: int) -> Reconstruction:
        view = victim.view(self.knowledge, seed)
        seen, generator = view.seen(observed), torch.Generator().manual_seed(seed)
        label = recovered_label(observed.tensors, view.classes) if self.label == "recovered" else None
        attempts: list[_Attempt] = []
        while len(attempts) < self.starts and not any(one.distance <= self.converged for one in attempts):
            attempts.append(_Attempt(view, seen, observed.batch, label, generator))
            attempts[-1].search(self)
        best = min(attempts, key=lambda one: one.distance)
        told = {"starts": float(len(attempts)), "iterations": float(sum(one.evaluations for one in attempts))}
        if math.isfinite(best.distance):  # of a search that diverged at once there is none
            told["distance"] = best.distance
        return Reconstruction(best.images, best.labels, told)


class _Attempt:
    """One start, and the nearest that it came."""

    def __init__(self, view: View, seen: Tensors, batch: int, label: int | None, generator: torch.Generator) -> None:
        self._view, self._seen = view, seen
        pixels = torch.randn(batch, *view.shape, generator=generator, dtype=torch.float64)
        logits = torch.randn(batch, view.classes, generator=generator, dtype=torch.float64)
        self._fixed = None if label is None else torch.tensor([label])
        self._pixels, self._logits = pixels.requires_grad_(), logits.requires_grad_()
        self._sought = {name: value.requires_grad_() for name, value in view.guess.start(generator).items()}
        self.evaluations = 0
        self.distance, self.images, self.labels = math.inf, view.pixels(pixels), logits.argmax(1)

    def search(self, plan: DeepLeakage) -> None:
        """Descend until it is near enough, lost, stuck or out of rounds."""
        leaves = [self._pixels, *([self._logits] if self._fixed is None else []), *self._sought.values()]
        optimizer = torch.optim.LBFGS(leaves, lr=1, max_iter=INNER, tolerance_grad=0, tolerance_change=0)

        def closure() -> Tensor:
            self.evaluations += 1
            optimizer.zero_grad()
            distance = self._measured()
            torch.autograd.backward(distance, inputs=leaves)
            return distance

        nearest: list[float] = []
        while len(nearest) < plan.rounds:
            optimizer.step(closure)  # type: ignore[no-untyped-call]
            distance = float(self._measured().detach())
            if not math.isfinite(distance):
                break
            self._keep(distance)
            nearest.append(self.distance)
            stuck = len(nearest) > plan.patience and nearest[-1] > nearest[-1 - plan.patience] / 2
            if distance <= FINE * plan.converged or stuck:
                break

    def _measured(self) -> Tensor:
        targets = soft_targets(self._logits) if self._fixed is None else self._fixed
        return squared(self._view.gradients(self._pixels, targets, self._sought), self._seen)

    def _keep(self, distance: float) -> None:
        if distance < self.distance:
            self.distance, self.images = distance, self._view.pixels(self._pixels)
            self.labels = self._logits.detach().argmax(1) if self._fixed is None else self._fixed
