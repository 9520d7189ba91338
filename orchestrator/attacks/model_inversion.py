"""What a classifier thinks a class looks like: an image of each class by the gradient of its confidence.

M. Fredrikson, S. Jha, T. Ristenpart, "Model Inversion Attacks that Exploit Confidence Information", CCS 2015: gradient
descent on pixels from one grey image, with a denoiser; here Adam, with the total variation as in A. Mahendran and
A. Vedaldi, arXiv:1412.0035, in the denoiser's place. Nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.errors import ConfigurationError

Network = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class ClassInversion:
    """The attack. ``steps`` and ``rate`` of Adam; ``smooth``: price of the total variation, a pixel."""

    steps: int = 300
    rate: float = 0.05
    smooth: float = 2.0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.rate <= 0 or self.smooth < 0:
            raise ConfigurationError(f"a reconstruction in {self.steps} steps at {self.rate} is none")

    def run(self, network: Network, classes: int, shape: tuple[int, int, int]) -> Tensor:
        """One image a class.

        Args:
            network: from pixels in [0, 1] to logits [batch, classes]. shape: channels, height, width.

        Returns:
            [classes, channels, height, width], in [0, 1].
        """
        labels, hidden = torch.arange(classes), torch.zeros(classes, *shape, requires_grad=True)
        optimiser = torch.optim.Adam([hidden], lr=self.rate)
        with torch.enable_grad():
            for _ in range(self.steps):
                images = hidden.sigmoid()
                loss = functional.cross_entropy(network(images), labels, reduction="sum")
                (hidden.grad,) = torch.autograd.grad(loss + self.smooth * classes * variation(images), hidden)
                optimiser.step()
        return hidden.detach().sigmoid()


def variation(images: Tensor) -> Tensor:
    """Mean difference of neighbouring pixels."""
    across = (images[..., :, 1:] - images[..., :, :-1]).abs().mean()
    down = (images[..., 1:, :] - images[..., :-1, :]).abs().mean()
    return across + down


def likeness(images: Tensor, others: Tensor) -> Tensor:
    """Pearson's correlation of pixels, [images, others]; 0 with an image of one grey."""
    first, second = (_centred(item) for item in (images, others))
    return first @ second.T


def _centred(images: Tensor) -> Tensor:
    flat = images.flatten(1).double()
    return functional.normalize(flat - flat.mean(1, keepdim=True), dim=1, eps=1e-9)
