"""Memory for large sums."""

from __future__ import annotations

import contextlib
import math
import mmap

import torch
from torch import Tensor

LARGE = 4 << 20
"""Bytes from which on memory is asked for in huge pages: one fault for 2 MiB instead of one for each 4 KiB."""


def large_tensor(shape: tuple[int, ...], device: torch.device) -> Tensor:
    """An fp32 tensor whose numbers are not set yet."""
    size = 4 * math.prod(shape)
    if device.type != "cpu" or size < LARGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return torch.empty(shape, device=device)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # a kernel without huge pages: slower, nothing else
        memory.madvise(mmap.MADV_HUGEPAGE)
    return torch.frombuffer(memory, dtype=torch.float32).view(shape)
