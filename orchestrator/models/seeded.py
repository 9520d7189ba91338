"""Initial values that are the same on every machine and with every library version.

Each number is 24 bits of SHAKE-256(seed, tensor name), so no random generator of a library is involved and no tensor
depends on the order in which others were made.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import torch
from torch import Tensor

DEVIATION = 0.02


def seeded_uniform(seed: int, name: str, shape: tuple[int, ...], deviation: float = DEVIATION) -> Tensor:
    """Uniform values around 0 with the given standard deviation."""
    count = math.prod(shape)
    stream = hashlib.shake_256(f"loranchor initial value 1/{seed}/{name}".encode()).digest(4 * count)
    steps = (np.frombuffer(stream, dtype="<u4") >> 8).astype(np.float64)
    values = (steps / (1 << 23) - 1.0) * (deviation * 3**0.5)
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def seeded_tensor(seed: int, name: str, shape: tuple[int, ...]) -> Tensor:
    """The initial value of a parameter that no file holds: biases 0, norms 1, matrices uniform."""
    if name.endswith("bias"):
        return torch.zeros(shape)
    if len(shape) < 2:
        return torch.ones(shape)
    return seeded_uniform(seed, name, shape)
