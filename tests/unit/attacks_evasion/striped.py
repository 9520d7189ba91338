"""Images that a network of two layers learns in a second."""

from __future__ import annotations

import torch
from torch import Tensor


def stripes(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Grey images [count, 1, 8, 8] of four classes: one pair of rows is brighter, behind noise."""
    draw = torch.Generator().manual_seed(seed)
    right = torch.arange(count) % 4
    found = 0.35 + 0.25 * torch.rand((count, 1, 8, 8), generator=draw)
    for row, label in enumerate(right.tolist()):
        found[row, :, 2 * label : 2 * label + 2] += 0.25
    return found.clamp(0, 1), right


def faint_and_plain(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Images [count, 1, 8, 8] of two classes, told by eight pixels that are plain and wrong once in ten images, and by
    fifty-six that are faint and together always right: what D. Tsipras and others, arXiv:1805.12152, say robust and
    accurate models part at.
    """
    draw = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    sign = (2 * labels - 1).float()
    plain = torch.where(torch.rand(count, generator=draw) < 0.9, sign, -sign)
    found = 0.5 + 0.04 * sign[:, None, None, None] + 0.06 * torch.randn((count, 1, 8, 8), generator=draw)
    found[:, :, 0] = 0.5 + 0.25 * plain[:, None, None]
    return found.clamp(0, 1), labels
