"""How far a gradient is from the observed one, how restless an image is, and the search that attacks share."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]


def squared(found: Tensors, seen: Tensors) -> Tensor:
    """‖found − seen‖² / ‖seen‖² over all tensors (arXiv 1906.08935, but for the constant)."""
    return sum_of((found[name] - seen[name]).square().sum() for name in seen) / norm(seen).square()


def cosine(found: Tensors, seen: Tensors) -> Tensor:
    """1 − cos(found, seen) over all tensors as one vector (arXiv 2003.14053)."""
    inner = sum_of((found[name] * seen[name]).sum() for name in seen)
    return 1 - inner / (norm(found) * norm(seen)).clamp_min(1e-30)


def norm(tensors: Tensors) -> Tensor:
    """‖·‖₂ over all of them."""
    return sum_of(tensor.square().sum() for tensor in tensors.values()).sqrt()


def total_variation(images: Tensor) -> Tensor:
    """Mean absolute difference of neighbours along rows and columns, anisotropic: [batch, channels, h, w] → scalar."""
    return (images[..., 1:] - images[..., :-1]).abs().mean() + (images[..., 1:, :] - images[..., :-1, :]).abs().mean()


def sum_of(terms: object) -> Tensor:
    """Of scalars."""
    return torch.stack(list(terms)).sum()  # type: ignore[call-overload]
