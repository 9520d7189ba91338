"""Noise of a hardening entry: every member that folds a manifest draws the same bits.

A number is the sum of eight 16-bit parts of a Philox 4x64-10 stream (Salmon et al., 2011), less their mean: Irwin and
Hall's bell, which ends at 4.9 deviations. All of that is integers below 2**18, so the one product with a float32
constant is the only rounding, and no logarithm or cosine of a library is in it. The stream counts from any place, so
that a window of a tensor needs nothing of what lies before it. The key of a tensor is a hash of seed and name.

numpy only: a manifest names the noise, and whoever folds it need not train.
"""

from __future__ import annotations

import hashlib
import json
import math

import numpy as np
from numpy.typing import NDArray

from orchestrator.errors import ConfigurationError

METHOD = "weight-distortion"
"""The method of a hardening entry that this module draws the noise of."""

PARTS = 8
MOST_SIGMA_NANO = 1_000_000_000_000
"""A deviation of 1,000: far beyond what leaves a model of any use."""

_WORDS = 2  # words of 64 bits a number
_BLOCK = 4  # words that the generator makes at once
_CHUNK = 1 << 15  # numbers at once, so that a large window needs no memory but its own
_MEAN = PARTS * 0xFFFF // 2
_DEVIATION = math.sqrt(PARTS * ((1 << 32) - 1) / 12)
_LANES = np.uint64(0x0000FFFF0000FFFF)


def noise(seed: str, name: str, first: int, count: int, sigma_nano: int) -> NDArray[np.float32]:
    """Some of a tensor's noise: mean 0, standard deviation sigma_nano/10⁹, bit-identical everywhere.

    Args:
        seed: of the entry; whoever knows it can take the noise off again. name: of the tensor.
        first: place of the first number in the tensor, row by row. count: how many.
        sigma_nano: standard deviation in units of 1e-9.

    Returns:
        float32, (count,): numbers ``first`` to ``first + count`` of the tensor.

    Raises:
        ConfigurationError: a place or the deviation is out of bounds.
    """
    if first < 0 or count < 0:
        raise ConfigurationError(f"no noise for {count} numbers from {first} of {name}", mend="count from 0")
    scale = _scale(sigma_nano)
    drawn = np.empty(count, np.float32)
    words = _Words(seed, name, first)
    for start in range(0, count, _CHUNK):
        end = min(start + _CHUNK, count)
        np.multiply(_bells(words.next(_WORDS * (end - start))).astype(np.float32), scale, out=drawn[start:end])
    return drawn


def sigma_nano_of(sigma: float) -> int:
    """A standard deviation in units of 1e-9.

    Raises:
        ConfigurationError: it is out of bounds.
    """
    if not math.isfinite(sigma):
        raise ConfigurationError(f"sigma is {sigma}", mend="give a positive number such as 0.02")
    nano = round(sigma * 1e9)
    _scale(nano)
    return nano


def _scale(sigma_nano: int) -> np.float32:
    """The float32 next to sigma over the bell's deviation; a division and a root, which IEEE 754 rounds alike."""
    if isinstance(sigma_nano, bool) or not 1 <= sigma_nano <= MOST_SIGMA_NANO:
        raise ConfigurationError(
            f"sigma of the noise is {sigma_nano}e-9", mend=f"give 1e-9 to {MOST_SIGMA_NANO // 10**9}"
        )
    return np.float32(sigma_nano / (1e9 * _DEVIATION))


class _Words:
    """Words of one tensor's stream, from a number on."""

    def __init__(self, seed: str, name: str, first: int) -> None:
        text = json.dumps(["loranchor hardening 1", METHOD, seed, name], ensure_ascii=True, separators=(",", ":"))
        key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
        block, skipped = divmod(_WORDS * first, _BLOCK)
        self._stream = np.random.Philox(counter=block, key=key)
        self.next(skipped)

    def next(self, count: int) -> NDArray[np.uint64]:
        return self._stream.random_raw(count)


def _bells(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Sums of the 16-bit parts of each two words, less their mean; two parts are added in one lane of 32 bits."""
    halves = (words & _LANES) + ((words >> np.uint64(16)) & _LANES)
    pairs = halves[0::2] + halves[1::2]
    sums = (pairs & np.uint64(0xFFFFFFFF)) + (pairs >> np.uint64(32))
    return sums.astype(np.int64) - _MEAN
