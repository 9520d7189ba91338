"""Where noise and samples' draws come from: never from a task's seed, which every member knows.

``secure``: AES-256 in counter mode under a key of the operating system's, read as uniform numbers of 53 bits, made
normal by Box and Muller; each number is half the sum of four of them, so that the gaps between floating-point numbers
do not give away what was added (N. Holohan and S. Braghin, "Secure Random Sampling in Differential Privacy", ESORICS
2021, arXiv:2107.10138). ``torch``: torch's own generator, seeded by the operating system: faster, and whoever sees
enough of its numbers can compute the others.

No state is kept: a training that another process goes on with draws new noise from there on.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from torch import Tensor

SUMMED = 4
MANTISSA = 53


class Noise(Protocol):
    """A source of random numbers that nobody else can repeat."""

    def normal(self, deviation: float, like: Tensor) -> Tensor:
        """Gaussian noise of a tensor's shape, type and device."""

    def chosen(self, count: int, rate: float) -> Sequence[int]:
        """Of so many samples those that a step sees, each with the same chance and on its own."""


class SecureNoise:
    """See the module."""

    def __init__(self) -> None:
        cipher = Cipher(algorithms.AES256(os.urandom(32)), modes.CTR(bytes(16)))
        self._stream = cipher.encryptor()

    def normal(self, deviation: float, like: Tensor) -> Tensor:
        numbers = sum(self._normal(like.numel()) for _ in range(SUMMED)) * (deviation / SUMMED**0.5)
        return torch.from_numpy(numbers).reshape(like.shape).to(like.device, like.dtype)

    def chosen(self, count: int, rate: float) -> Sequence[int]:
        picked: list[int] = np.flatnonzero(self._uniform(count) < rate).tolist()
        return picked

    def _uniform(self, count: int) -> np.ndarray:
        """Multiples of 2**-53 in [0, 1)."""
        drawn = np.frombuffer(self._stream.update(bytes(8 * count)), dtype="<u8")
        return (drawn >> np.uint64(64 - MANTISSA)) * 2.0**-MANTISSA

    def _normal(self, count: int) -> np.ndarray:
        half = -(-count // 2)
        radius, angle = np.sqrt(-2 * np.log1p(-self._uniform(half))), 2 * np.pi * self._uniform(half)
        return np.concatenate((radius * np.cos(angle), radius * np.sin(angle)))[:count]


class TorchNoise:
    """See the module."""

    def __init__(self) -> None:
        self._generators: dict[torch.device, torch.Generator] = {}

    def normal(self, deviation: float, like: Tensor) -> Tensor:
        drawn = torch.empty_like(like, dtype=torch.float32).normal_(generator=self._on(like.device))
        return (drawn * deviation).to(like.dtype)

    def chosen(self, count: int, rate: float) -> Sequence[int]:
        drawn = torch.rand(count, generator=self._on(torch.device("cpu")), dtype=torch.float64)
        picked: list[int] = (drawn < rate).nonzero().flatten().tolist()
        return picked

    def _on(self, device: torch.device) -> torch.Generator:
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(secrets.randbits(63))
        return self._generators[device]


def noise_source(secure: bool) -> Noise:
    """The source that a task asks for."""
    return SecureNoise() if secure else TorchNoise()
