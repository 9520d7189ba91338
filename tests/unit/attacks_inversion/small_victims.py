"""Victims small enough to be attacked in a test: a LeNet on images of 12×12, and a layer that sees the image itself."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from orchestrator.attacks.inversion.cases import fresh
from orchestrator.attacks.inversion.victim import ImageVictim
from orchestrator.privacy.keylock.layer import KEY_LENGTH, Lockable, Locks

CLASSES = 4
SHAPE = (1, 12, 12)


class Flat(Lockable):
    """Two linear layers: the first one sees the pixels."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Linear(144, 8)
        self.fc = nn.Linear(8, CLASSES)

    def forward(self, pixel_values: Tensor, locks: Locks = ()) -> Tensor:
        logits: Tensor = self.fc(torch.sigmoid(self.first(pixel_values.flatten(1))))
        return logits


def lenet(*, locked: bool = False, network: str = "lenet", seed: int = 0) -> ImageVictim:
    """A fresh LeNet, and its member's key where it has a lock."""
    key = torch.rand(KEY_LENGTH, generator=torch.Generator().manual_seed(seed)) if locked else None
    return ImageVictim(fresh(network, CLASSES, SHAPE, locked=locked, seed=seed), SHAPE, CLASSES, key)


def flat() -> ImageVictim:
    return ImageVictim(Flat(), SHAPE, CLASSES)


def picture(label: int = 1) -> tuple[Tensor, Tensor]:
    """An image with something on it, float64 [1, 1, 12, 12], and its label [1]."""
    rows, columns = torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing="ij")
    image = 0.5 + 0.5 * torch.sin((rows + 2 * label) / 2) * torch.cos(columns * (label + 1) / 5)
    return image.double()[None, None], torch.tensor([label])
