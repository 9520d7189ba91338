"""ResNets for small images with and without the key-lock: ResNet-20 and ResNet-18.

K. He and others, arXiv:1512.03385: ResNet-20 has three stages of three blocks with 16, 32 and 64 channels, and short
cuts without parameters (option A); ResNet-18 four of two with 64 to 512 and 1×1 convolutions as short cuts. With the
key-lock (arXiv:2305.04095; Rand2AI/FedKL, ``backbone/ResNet_cifar_kl.py``, ``…_all``) the stem and both convolutions of
every block are locked in one chain; ``first_only`` locks the stem alone, which is what the authors' code does unless
told otherwise. Short cuts are never locked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from orchestrator.errors import ConfigurationError
from orchestrator.models.resnet import Block
from orchestrator.privacy.keylock.layer import KEY_LENGTH, Lock, Lockable, LockedConv, Locks, through


@dataclass(frozen=True, slots=True)
class Shape:
    """Channels of each stage, blocks in each, and whether short cuts that change the size have parameters."""

    stages: tuple[int, ...]
    blocks: int
    projected: bool


SHAPES = {"resnet20": Shape((16, 32, 64), 3, False), "resnet18": Shape((64, 128, 256, 512), 2, True)}


class PaddedShortcut(nn.Module):
    """Option A: every second pixel, and zeros for the channels that there were not."""

    def __init__(self, missing: int) -> None:
        super().__init__()
        self.missing = missing

    def forward(self, values: Tensor) -> Tensor:
        left = self.missing // 2
        return functional.pad(values[:, :, ::2, ::2], (0, 0, 0, 0, left, self.missing - left))


class LockedBlock(nn.Module):
    """Two locked 3×3 convolutions around a short cut, which is a plain block's."""

    def __init__(self, before: int, after: int, stride: int, shortcut: nn.Module) -> None:
        super().__init__()
        self.conv1 = LockedConv(before, before, after, 3, stride, 1, bias=False)
        self.conv2 = LockedConv(after, after, after, 3, 1, 1, bias=False)
        self.shortcut = shortcut

    def forward(self, values: Tensor, locks: Iterator[Lock]) -> Tensor:
        inner = functional.relu(self.conv1(values, next(locks)))
        return functional.relu(self.conv2(inner, next(locks)) + self.shortcut(values))


class CifarResNet(Lockable):
    """Images to logits.

    Args:
        shape: of the network. classes: of the last layer. channels: of an image.
        locked: whether the stem and, unless ``first_only``, the blocks' convolutions are.
    """

    def __init__(
        self, shape: Shape, classes: int, channels: int = 3, *, locked: bool = False, first_only: bool = False
    ) -> None:
        super().__init__()
        if min(classes, channels) < 1:
            raise ConfigurationError(f"no network for {channels} channels and {classes} classes")
        before = shape.stages[0]
        self.stem: nn.Module = nn.Sequential(nn.Conv2d(channels, before, 3, 1, 1, bias=False), nn.BatchNorm2d(before))
        if locked:
            self.stem = LockedConv(KEY_LENGTH, channels, before, 3, 1, 1, bias=False)
        self.blocks = nn.ModuleList()
        for number, after in enumerate(shape.stages):
            for position in range(shape.blocks):
                stride = 2 if number and not position else 1
                self.blocks.append(_block(before, after, stride, shape.projected, locked and not first_only))
                before = after
        self.fc = nn.Linear(before, classes)

    def forward(self, pixel_values: Tensor, locks: Locks = ()) -> Tensor:
        """Logits [batch, classes] of normalised pixels [batch, channels, height, width]."""
        turns = self.turns(locks)
        values = functional.relu(through(self.stem, pixel_values, turns))
        for block in self.blocks:
            values = block(values, turns) if isinstance(block, LockedBlock) else block(values)
        logits: Tensor = self.fc(values.mean(dim=(2, 3)))
        return logits


def _block(before: int, after: int, stride: int, projected: bool, locked: bool) -> nn.Module:
    plain = Block(before, after, stride)
    if before != after and not projected:
        plain.shortcut = nn.Sequential(PaddedShortcut(after - before))
    return LockedBlock(before, after, stride, plain.shortcut) if locked else plain
