"""The head leak: of one sample, what a linear layer saw is written in its gradient, ∂L/∂W_i ÷ ∂L/∂b_i for every row.

Source: Phong and others, "Privacy-Preserving Deep Learning via Additively Homomorphic Encryption", IEEE TIFS 2018,
section 3; Geiping and others, arXiv:2003.14053, proposition 3.1. No lock of convolutions touches it. Where the layer
sees the image itself, the image is there to the last digit; else its features are, and the image is looked for that
has them and the observed gradient: what the features add to inverting gradients.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from orchestrator.attacks.inversion.guesses import Sought
from orchestrator.attacks.inversion.idlg import head, recovered_label
from orchestrator.attacks.inversion.inverting_gradients import InvertingGradients, best_of
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.matching import cosine
from orchestrator.attacks.inversion.protocol import Observation, Reconstruction
from orchestrator.attacks.inversion.victim import ImageVictim, View
from orchestrator.errors import DataError


@dataclass(frozen=True, slots=True)
class HeadLeak:
    """The attack on one image.

    Attributes:
        iterations, smooth: as of :class:`InvertingGradients`. features: weight of their relative squared distance
            beside 1 − cosine of the gradients.
    """

    knowledge: Knowledge
    iterations: int = 600
    smooth: float = 1e-2
    features: float = 1.0

    @property
    def name(self) -> str:
        return "head-leak"

    def run(self, victim: ImageVictim, observed: Observation, *, seed: int) -> Reconstruction:
        view = victim.view(self.knowledge, seed)
        seen = view.seen(observed)
        if observed.batch != 1:
            raise DataError(f"the head leak is of one sample, and this is of {observed.batch}")
        label = torch.tensor([recovered_label(seen, view.classes)])
        leak = leaked_input(*_with_bias(head(seen, view.classes)))
        image = _first_layer(seen, view)
        if image is not None:
            return Reconstruction(view.pixels(image), label, {"distance": 0.0, "iterations": 0.0})

        def distance(images: Tensor, sought: Sought) -> Tensor:
            apart = (view.features(images, sought)[0] - leak).square().sum() / leak.square().sum()
            return cosine(view.gradients(images, label, sought), seen) + self.features * apart

        plan = InvertingGradients(self.knowledge, self.iterations, 1, self.smooth)
        return best_of(view, distance, label, plan, seed)


def leaked_input(weight: Tensor, bias: Tensor) -> Tensor:
    """What a linear layer saw of one sample, [inputs], from the gradients of its weight [outputs, inputs] and bias.

    All rows say the same; they are taken together by least squares, so that rows with a larger slope count more.

    Raises:
        DataError: the gradient of the bias is zero: the layer tells nothing.
    """
    slope = bias.double()
    total = slope.square().sum()
    if not bool(total > 0):
        raise DataError("the gradient of the layer's bias is zero: nothing leaks", mend="observe another round")
    return (slope @ weight.double()) / total


def _with_bias(layer: tuple[Tensor, Tensor | None]) -> tuple[Tensor, Tensor]:
    weight, bias = layer
    if bias is None:
        raise DataError("the head has no bias: its gradient leaks the features only up to their length")
    return weight, bias


def _first_layer(seen: dict[str, Tensor], view: View) -> Tensor | None:
    """The image where the network begins with a linear layer, [1, *shape]; else None."""
    name = next(iter(seen))
    bias = seen.get(name.removesuffix("weight") + "bias")
    pixels = view.shape[0] * view.shape[1] * view.shape[2]
    if seen[name].ndim != 2 or seen[name].shape[1] != pixels or bias is None:
        return None
    return leaked_input(seen[name], bias).reshape(1, *view.shape)
