"""Small networks for faces: a convolutional one and a vision transformer, both with the features before their head.

MetaUnlearn (arXiv 2407.12069) uses ViT-B/16, whose feature is the class token; these are small enough to be trained on
two cores. Neither has batch norm or dropout: what a picture gets does not depend on the batch, so that a gradient step
for one support picture is a function of that picture and the weights alone. A model of the user's own needs the same
two functions, ``features`` and ``head``.
"""

from __future__ import annotations

import math
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional

from orchestrator.errors import ConfigurationError
from orchestrator.models.seeded import seeded_uniform

NAMES = ("cnn", "vit")
STAGES = (16, 32, 64)
GROUPS = 4
PATCH, WIDTH, DEPTH, HEADS = 8, 64, 4, 4


@runtime_checkable
class WithFeatures(Protocol):
    """What unlearning by a picture needs of a model.

    Attributes:
        width: of the features.
    """

    width: int

    def features(self, pixel_values: Tensor) -> Tensor:
        """(batch, width) of pictures (batch, channels, height, width)."""
        ...

    def head(self, features: Tensor) -> Tensor:
        """Logits (batch, outputs)."""
        ...


class FaceCnn(nn.Module):
    """Three stages of two 3×3 convolutions with group norms, halved by pooling; their mean is the feature."""

    def __init__(self, outputs: int, channels: int = 1) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        before = channels
        for after in STAGES:
            for _ in range(2):
                parts += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.GroupNorm(GROUPS, after), nn.GELU()]
                before = after
            parts.append(nn.AvgPool2d(2))
        self.body = nn.Sequential(*parts)
        self.width = before
        self.head = nn.Linear(before, outputs)

    def features(self, pixel_values: Tensor) -> Tensor:
        """(batch, 64) of normalised pictures of any size from 8×8."""
        found: Tensor = self.body(pixel_values).mean((2, 3))
        return found

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Logits (batch, outputs)."""
        logits: Tensor = self.head(self.features(pixel_values))
        return logits


class Layer(nn.Module):
    """Attention and a perceptron, each around a norm and with a way past it.

    Attention is written out: torch's fused one has no second derivative on every machine.
    """

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.mixed, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.wide, self.narrow = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, tokens: Tensor) -> Tensor:
        count, length, _ = tokens.shape
        query, key, value = self.mixed(self.norm1(tokens)).view(count, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        shares = (query @ key.transpose(-1, -2) / math.sqrt(WIDTH // HEADS)).softmax(-1)
        tokens = tokens + self.out((shares @ value).transpose(1, 2).flatten(2))
        changed: Tensor = tokens + self.narrow(functional.gelu(self.wide(self.norm2(tokens))))
        return changed


class FaceVit(nn.Module):
    """A. Dosovitskiy and others, arXiv 2010.11929, four layers of 64: patches of 8×8, a class token, learnt places.

    Args:
        height, width: of a picture, multiples of 8.
    """

    def __init__(self, outputs: int, channels: int, height: int, width: int) -> None:
        super().__init__()
        if height % PATCH or width % PATCH or min(height, width) < PATCH:
            raise ConfigurationError(f"{height}×{width} pixels are no patches of {PATCH}", mend=f"multiples of {PATCH}")
        self.patches = nn.Conv2d(channels, WIDTH, PATCH, PATCH)
        self.token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.places = nn.Parameter(torch.zeros(1, 1 + (height // PATCH) * (width // PATCH), WIDTH))
        self.layers = nn.Sequential(*(Layer() for _ in range(DEPTH)))
        self.norm = nn.LayerNorm(WIDTH)
        self.width = WIDTH
        self.head = nn.Linear(WIDTH, outputs)

    def features(self, pixel_values: Tensor) -> Tensor:
        """(batch, 64): the class token after the last norm."""
        patches = self.patches(pixel_values).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(patches), -1, -1), patches], 1) + self.places
        found: Tensor = self.norm(self.layers(tokens))[:, 0]
        return found

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Logits (batch, outputs)."""
        logits: Tensor = self.head(self.features(pixel_values))
        return logits


def face_model(
    name: str, outputs: int, *, channels: int = 1, height: int = 56, width: int = 48, seed: int = 0
) -> FaceCnn | FaceVit:
    """A network with initial values that are the same on every machine.

    Args:
        name: of :data:`NAMES`. outputs: attributes or classes. height, width: of a picture; ORL's 112×92 halved is
            56×46, and 48 columns fit the transformer's patches.

    Raises:
        ConfigurationError: no such network, or pictures that it cannot take.
    """
    if name not in NAMES or min(outputs, channels) < 1:
        raise ConfigurationError(f"no network {name!r} with {outputs} outputs", mend=f"choose {' or '.join(NAMES)}")
    net = FaceCnn(outputs, channels) if name == "cnn" else FaceVit(outputs, channels, height, width)
    with torch.no_grad():
        for path, parameter in net.named_parameters():
            parameter.copy_(_initial(path, parameter, seed))
    return net


def _initial(path: str, parameter: Tensor, seed: int) -> Tensor:
    """Token and places by 0.02 as in the paper; convolutions by He's deviation, other matrices by half its square."""
    shape = tuple(parameter.shape)
    if path in ("token", "places"):
        return seeded_uniform(seed, path, shape)
    if parameter.ndim < 2:
        return torch.zeros(shape) if path.endswith("bias") else torch.ones(shape)
    gain = 2.0 if parameter.ndim == 4 else 1.0
    return seeded_uniform(seed, path, shape, math.sqrt(gain / parameter[0].numel()))
