"""Pearson's χ² of words against uniform ones."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.secagg.rounds import terms_of, without_revealed
from orchestrator.secagg.simulation import play

WORDS = 1_000_000


def deviation(values: NDArray[np.int64], bins: int) -> float:
    """How far χ² over equally likely values is from its mean, in its standard deviations."""
    expected = values.size / bins
    found = float(((np.bincount(values, minlength=bins) - expected) ** 2 / expected).sum())
    return (found - (bins - 1)) / math.sqrt(2 * (bins - 1))


def of_words(words: NDArray[np.unsignedinteger]) -> list[float]:
    """Of the bytes at each place of a word, of the two lowest together, and of the highest of neighbours."""
    octets = words.view(np.uint8).reshape(-1, words.itemsize).astype(np.int64)
    top = octets[:, -1]
    pairs = (octets[:, 0] * 256 + octets[:, 1], top[::2] * 256 + top[1::2])
    places = [deviation(octets[:, place], 256) for place in range(words.itemsize)]
    return [*places, *(deviation(values, 1 << 16) for values in pairs)]


def deviations(members: int, gone: int) -> tuple[list[float], list[float]]:
    """Of the first member's update, small numbers: all masks taken away that anybody ever can; and in the open."""
    terms = terms_of(members, WORDS, 32)
    drawn = np.random.default_rng(1)
    updates = {name: drawn.integers(-3, 4, WORDS) for name in terms.parties}
    with tempfile.TemporaryDirectory() as folder:
        played = play(terms, updates, Path(folder), gone=terms.parties[-gone:] if gone else ())
    first = terms.parties[0]
    return of_words(without_revealed(played, terms, first)), of_words(updates[first].astype(np.uint32))
