"""Inversion from an update after several local steps, in place of one gradient.

J. Geiping and others, arXiv:2003.14053, section 6.2: the attacker runs the member's local training inside its search
and compares the updates that come out; steps and learning rate are in the task's settings, which are public. With
``unrolled=False`` it takes the update for one gradient, which is right for one step, and less so the more there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from orchestrator.attacks.inversion.guesses import Sought
from orchestrator.attacks.inversion.idlg import recovered_label
from orchestrator.attacks.inversion.inverting_gradients import InvertingGradients, best_of
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.matching import cosine
from orchestrator.attacks.inversion.protocol import Observation, Reconstruction
from orchestrator.attacks.inversion.victim import ImageVictim, update
from orchestrator.errors import DataError


@dataclass(frozen=True, slots=True)
class FromUpdate:
    """The attack on one image.

    Attributes:
        iterations, smooth: as of :class:`InvertingGradients`. unrolled: whether local training is run inside.
    """

    knowledge: Knowledge
    iterations: int = 400
    smooth: float = 1e-2
    unrolled: bool = True

    @property
    def name(self) -> str:
        return "from-update" if self.unrolled else "update-as-gradient"

    def run(self, victim: ImageVictim, observed: Observation, *, seed: int) -> Reconstruction:
        local = observed.local
        if local is None:
            raise DataError("this is a gradient, and not an update", mend="attack it with inverting-gradients")
        plan = InvertingGradients(self.knowledge, self.iterations, 1, self.smooth)
        alike = as_gradient(observed)
        if not self.unrolled:
            return plan.run(victim, alike, seed=seed)
        view = victim.view(self.knowledge, seed)
        seen, label = view.seen(observed), torch.tensor([recovered_label(alike.tensors, view.classes)])

        def distance(images: Tensor, sought: Sought) -> Tensor:
            return cosine(update(view, images, label, sought, local), seen)

        return best_of(view, distance, label, plan, seed)


def as_gradient(observed: Observation) -> Observation:
    """The mean of the gradients of all local steps, which an update of plain SGD is a multiple of.

    Raises:
        DataError: it is a gradient already.
    """
    local = observed.local
    if local is None:
        raise DataError("this is a gradient already")
    factor = -1 / (local.rate * local.steps)
    return replace(observed, tensors={name: factor * part for name, part in observed.tensors.items()}, local=None)
