"""The LeNet of the gradient-leakage papers: three 5×5 convolutions of twelve channels, strides 2, 2, 1, and one layer.

L. Zhu, Z. Liu, S. Han, "Deep Leakage from Gradients", arXiv:1906.08935 (mit-han-lab/dlg, ``models/vision.py``): with
sigmoids, because the attack needs second derivatives; with ReLU it is the same network with another activation. With
the key-lock (arXiv:2305.04095; Rand2AI/FedKL, ``backbone/LeNet_kl.py``) only the first convolution is locked.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from orchestrator.errors import ConfigurationError
from orchestrator.privacy.keylock.layer import KEY_LENGTH, Lockable, LockedConv, Locks, through

WIDTH = 12
KERNEL = 5
PADDING = KERNEL // 2

Smooth = Literal["sigmoid", "relu"]


class LeNet(Lockable):
    """Images to logits.

    Args:
        classes: of the last layer. channels: of an image.
        side: of a square image, pixels: 32 in the papers (768 features), 28 for Fashion-MNIST (588).
        locked: whether the first convolution is.
        activation: after each convolution.
    """

    def __init__(
        self, classes: int, channels: int = 3, side: int = 32, *, locked: bool = False, activation: Smooth = "sigmoid"
    ) -> None:
        super().__init__()
        if min(classes, channels, side) < 1:
            raise ConfigurationError(f"no LeNet for {channels} channels of side {side} and {classes} classes")
        self.activation = activation
        self.conv1: nn.Module = nn.Conv2d(channels, WIDTH, KERNEL, 2, PADDING)
        if locked:
            self.conv1 = LockedConv(KEY_LENGTH, channels, WIDTH, KERNEL, 2, PADDING)
        self.conv2 = nn.Conv2d(WIDTH, WIDTH, KERNEL, 2, PADDING)
        self.conv3 = nn.Conv2d(WIDTH, WIDTH, KERNEL, 1, PADDING)
        self.fc = nn.Linear(WIDTH * _halved(_halved(side)) ** 2, classes)

    def forward(self, pixel_values: Tensor, locks: Locks = ()) -> Tensor:
        """Logits [batch, classes] of pixels [batch, channels, side, side]."""
        smooth = torch.sigmoid if self.activation == "sigmoid" else torch.relu
        values = smooth(through(self.conv1, pixel_values, self.turns(locks)))
        values = smooth(self.conv3(smooth(self.conv2(values))))
        logits: Tensor = self.fc(values.flatten(1))
        return logits


def _halved(side: int) -> int:
    """Side of what a padded convolution with stride 2 makes."""
    return (side + 1) // 2
