"""How near a reconstruction is: PSNR and SSIM by their standard definitions, for pixels in [0, 1].

The source paper's "MSE" is a root, and its PSNR is inflated by that; neither is used here. SSIM: Z. Wang and others,
"Image quality assessment: from error visibility to structural similarity", IEEE TIP 2004: Gaussian window 11×11 with
σ 1.5, K₁ 0.01, K₂ 0.03, windows that lie in the image, mean over places and channels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.errors import DataError

WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2
SUCCESS = 0.6
"""SSIM from which an attack counts as successful (Ren and others, arXiv 2305.04095)."""


def mse(found: Tensor, truth: Tensor) -> float:
    """Mean squared error over all pixels and channels of images of one shape.

    Raises:
        DataError: their shapes differ.
    """
    first, second = _pair(found, truth)
    return float((first - second).square().mean())


def psnr(found: Tensor, truth: Tensor) -> float:
    """10·log₁₀(1 / MSE), dB; infinite for equal images.

    Raises:
        DataError: their shapes differ.
    """
    error = mse(found, truth)
    return math.inf if error == 0 else -10 * math.log10(error)


def ssim(found: Tensor, truth: Tensor) -> float:
    """Structural similarity of two images [channels, height, width], −1 to 1; 1 for equal ones.

    Raises:
        DataError: their shapes differ, or a side is shorter than the window.
    """
    first, second = (image.unsqueeze(1) for image in _pair(found, truth))
    if first.ndim != 4 or min(first.shape[2:]) < WINDOW:
        raise DataError(f"SSIM takes images [channels, height, width] of {WINDOW} pixels or more a side")
    kernel = _gaussian().to(first.device)
    mean_1, mean_2 = (functional.conv2d(image, kernel) for image in (first, second))
    spread_1 = functional.conv2d(first * first, kernel) - mean_1 * mean_1
    spread_2 = functional.conv2d(second * second, kernel) - mean_2 * mean_2
    shared = functional.conv2d(first * second, kernel) - mean_1 * mean_2
    above = (2 * mean_1 * mean_2 + C1) * (2 * shared + C2)
    below = (mean_1.square() + mean_2.square() + C1) * (spread_1 + spread_2 + C2)
    return float((above / below).mean())


def _gaussian() -> Tensor:
    """The window, [1, 1, 11, 11], sum 1."""
    places = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    line = torch.exp(-places.square() / (2 * SIGMA**2))
    window = line[:, None] * line[None]
    return (window / window.sum())[None, None]


def _pair(found: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    if found.shape != truth.shape:
        raise DataError(f"images of {tuple(found.shape)} and {tuple(truth.shape)} cannot be compared")
    return found.detach().double(), truth.detach().double()
