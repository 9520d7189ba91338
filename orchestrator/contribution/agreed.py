"""Factors that every member makes alike: integers out of SHAKE-256, and one exact product with a power of two.

No sum, logarithm or random generator of a library is in it, so the bits are the same on every machine and device, and
nobody has to sign them or send them.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict

import numpy as np
import torch
from torch import Tensor

BITS = 23
"""An agreed A is a multiple of 2**-23 below 1, so fp32 holds it exactly."""
KEPT = 1 << 24
"""Numbers that are kept for the next update that has the same factors: 64 MiB."""

Key = tuple[int, int, int, int, str]
_recent: OrderedDict[Key, Tensor] = OrderedDict()
_lock = threading.Lock()


def agreed_a(seed: int, module: str, rank: int, inputs: int, *, series: int = 0) -> Tensor:
    """The A that all members begin with: uniform within ±1/√inputs, as LoRA starts.

    Each number is ``((2·x + 1 − 2**24)·bound >> 24)·2**-23`` with x 24 bits of
    SHAKE-256(``loranchor agreed factor 1/<seed>/<series>/<rank>x<inputs>/<module>``) and bound = ⌊√(2**46 // inputs)⌋.

    Args:
        seed: of the task. series: differs where one task needs several.

    Returns:
        (rank, inputs) fp32 on the CPU. It may be shared: do not change it.
    """
    key = (seed, series, rank, inputs, module)
    with _lock:
        if key in _recent:
            _recent.move_to_end(key)
            return _recent[key]
    made = _made(key)
    with _lock:
        if made.numel() <= KEPT // 8:
            _recent[key] = made
        while sum(tensor.numel() for tensor in _recent.values()) > KEPT:
            _recent.popitem(last=False)
    return made


def _made(key: Key) -> Tensor:
    seed, series, rank, inputs, module = key
    text = f"loranchor agreed factor 1/{seed}/{series}/{rank}x{inputs}/{module}"
    stream = hashlib.shake_256(text.encode()).digest(4 * rank * inputs)
    units = (np.frombuffer(stream, dtype="<u4") >> 8).astype(np.int64)
    units *= 2
    units += 1 - (1 << 24)
    units *= math.isqrt((1 << 46) // inputs)
    units >>= 24
    return torch.from_numpy(units.astype(np.float32).reshape(rank, inputs) * np.float32(2.0**-BITS))
