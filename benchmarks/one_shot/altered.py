"""Support pictures less and less like the training pictures: blurred, darkened, cropped, turned, noisy."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

STRENGTHS = {
    "blurred": (3.0, 5.0, 9.0),
    "darkened": (0.6, 0.35, 0.15),
    "cropped": (0.85, 0.7, 0.5),
    "turned": (15.0, 45.0, 90.0),
    "noisy": (10.0, 30.0, 60.0),
}
"""Pixels of a box, factor on brightness, side that is left, degrees, deviation in steps of 256."""


def altered(pixels: Tensor, kind: str, strength: float, seed: int) -> Tensor:
    """uint8 (pictures, channels, height, width) of the same shape."""
    whole = pixels.float()
    if kind == "blurred":
        box = int(strength)
        whole = functional.avg_pool2d(whole, box, 1, box // 2, count_include_pad=False)
    elif kind == "darkened":
        whole = whole * strength
    elif kind == "cropped":
        high, wide = whole.shape[-2:]
        tall, broad = round(strength * high), round(strength * wide)
        top, left = (high - tall) // 2, (wide - broad) // 2
        middle = whole[..., top : top + tall, left : left + broad]
        whole = functional.interpolate(middle, (high, wide), mode="bilinear", align_corners=False)
    elif kind == "turned":
        whole = _turned(whole, math.radians(strength))
    else:
        generator = torch.Generator().manual_seed(seed)
        whole = whole + strength * torch.randn(whole.shape, generator=generator)
    return whole.round().clamp(0, 255).to(torch.uint8)


def _turned(whole: Tensor, angle: float) -> Tensor:
    """Around the middle; what comes from outside is the nearest edge."""
    high, wide = whole.shape[-2:]
    cosine, sine = math.cos(angle), math.sin(angle)
    matrix = torch.tensor([[cosine, -sine * high / wide, 0.0], [sine * wide / high, cosine, 0.0]])
    places = functional.affine_grid(matrix.expand(len(whole), 2, 3), list(whole.shape), align_corners=False)
    return functional.grid_sample(whole, places, padding_mode="border", align_corners=False)
