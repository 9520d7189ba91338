"""ResNet-18 for small images, as papers train it on CIFAR: a 3×3 stem and no pooling before the blocks.

K. He and others, "Deep Residual Learning for Image Recognition", CVPR 2016, arXiv:1512.03385. ``width`` scales all
channels; 1 is 64 in the first stage and 11.2 million parameters.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from orchestrator.errors import ConfigurationError
from orchestrator.models.seeded import seeded_uniform

CHANNELS = 64
STAGES = ((1, 1), (2, 2), (4, 2), (8, 2))
"""Of each stage, channels in multiples of the first's, and the stride of its first block."""


class Block(nn.Module):
    """Two 3×3 convolutions around a short cut."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.shortcut = nn.Sequential()
        if stride != 1 or before != after:
            self.shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, values: Tensor) -> Tensor:
        inner = functional.relu(self.bn1(self.conv1(values)))
        return functional.relu(self.bn2(self.conv2(inner)) + self.shortcut(values))


class ResNet18(nn.Module):
    """Images to logits.

    Args:
        classes: of the last layer. channels: of an image, 1 or 3.
        width: 1 as in the paper; 0.25 has a quarter of the channels everywhere.
    """

    def __init__(self, classes: int, channels: int = 3, width: float = 1.0) -> None:
        super().__init__()
        first = round(CHANNELS * width)
        if first < 1 or channels < 1 or classes < 1:
            raise ConfigurationError(f"no network of width {width} for {channels} channels and {classes} classes")
        self.conv1 = nn.Conv2d(channels, first, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        before = first
        for number, (multiple, stride) in enumerate(STAGES, start=1):
            after = first * multiple
            self.add_module(f"layer{number}", nn.Sequential(Block(before, after, stride), Block(after, after, 1)))
            before = after
        self.fc = nn.Linear(before, classes)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Logits [batch, classes] of normalised pixels [batch, channels, height, width]."""
        values = functional.relu(self.bn1(self.conv1(pixel_values)))
        for stage in self._stages():
            values = stage(values)
        logits: Tensor = self.fc(values.mean(dim=(2, 3)))
        return logits

    def _stages(self) -> Iterator[nn.Module]:
        return (self.get_submodule(f"layer{number}") for number in range(1, len(STAGES) + 1))


def seeded_resnet18(seed: int, classes: int, channels: int = 3, width: float = 1.0) -> ResNet18:
    """One with initial values that are the same on every machine: He's deviation, √(2 / fan-in), for convolutions."""
    model = ResNet18(classes, channels, width)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                fan_in = parameter[0].numel()
                gain = 2.0 if parameter.ndim == 4 else 1.0
                parameter.copy_(seeded_uniform(seed, name, tuple(parameter.shape), (gain / fan_in) ** 0.5))
            else:
                parameter.fill_(0.0 if name.endswith("bias") else 1.0)
    return model
