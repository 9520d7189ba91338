"""VGG-16 for small images with and without the key-lock.

K. Simonyan, A. Zisserman, arXiv:1409.1556, configuration D with batch normalisation. With the key-lock
(arXiv:2305.04095; Rand2AI/FedKL, ``backbone/VGGNet_kl.py``) only the first convolution is locked. The authors pool the
last features to 7×7 whatever the image and have two layers of 4,096 with dropout and the last one behind them
(134 million parameters); so has this network, and ``hidden`` makes them smaller.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from orchestrator.errors import ConfigurationError
from orchestrator.privacy.keylock.layer import KEY_LENGTH, Lockable, LockedConv, Locks, through

FIRST = 64
LATER = (64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)
"""Channels of each convolution after the first; 0 halves the image."""
POOLED = 7
HIDDEN = 4096


class Vgg16(Lockable):
    """Images to logits.

    Args:
        classes: of the last layer. channels: of an image of side 32 or more.
        locked: whether the first convolution is. hidden: width of the two layers before the last.
    """

    def __init__(self, classes: int, channels: int = 3, *, locked: bool = False, hidden: int = HIDDEN) -> None:
        super().__init__()
        if min(classes, channels, hidden) < 1:
            raise ConfigurationError(f"no VGG for {channels} channels, {classes} classes and {hidden} hidden units")
        self.conv1: nn.Module = nn.Sequential(nn.Conv2d(channels, FIRST, 3, 1, 1), nn.BatchNorm2d(FIRST))
        if locked:
            self.conv1 = LockedConv(KEY_LENGTH, channels, FIRST, 3, 1, 1)
        self.features = nn.Sequential(*_features())
        self.classifier = nn.Sequential(
            nn.Linear(LATER[-2] * POOLED**2, hidden),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(hidden, classes),
        )

    def forward(self, pixel_values: Tensor, locks: Locks = ()) -> Tensor:
        """Logits [batch, classes] of normalised pixels [batch, channels, height, width]."""
        values = functional.relu(through(self.conv1, pixel_values, self.turns(locks)))
        pooled = functional.adaptive_avg_pool2d(self.features(values), POOLED)
        logits: Tensor = self.classifier(pooled.flatten(1))
        return logits


def _features() -> list[nn.Module]:
    layers: list[nn.Module] = []
    before = FIRST
    for after in LATER:
        if not after:
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        before = after
    return layers
