"""What can be got out of a language model word for word.

Sources: extraction strength (Carlini and others, arXiv 2012.07805, as open-unlearning measures it), exact memorisation
(Tirumala and others, arXiv 2205.10770), exposure of a canary (Carlini and others, arXiv 1802.08232).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from orchestrator.errors import DataError


def extraction_strength(right: ArrayLike) -> float:
    """1 − k/n, k the length of the shortest prefix from which taking the likeliest token yields the whole rest.

    Where every token after a prefix is right given the true ones before it, generation from that prefix gives them all,
    so one pass over the text is enough. 0: not even the last token; near 1: the first ones bring it all.

    Args:
        right: for each of the n predicted tokens, in order, whether it is the likeliest.

    Raises:
        DataError: no token.
    """
    flags = _flags(right)
    wrong = np.flatnonzero(~flags)
    return 1.0 - (int(wrong[-1]) + 1) / len(flags) if len(wrong) else 1.0


def exact_memorisation(right: ArrayLike) -> float:
    """Share of the predicted tokens that are the likeliest.

    Raises:
        DataError: no token.
    """
    return float(_flags(right).mean())


def exposure(canary: float, references: ArrayLike) -> float:
    """log₂|R| − log₂ rank of a planted canary among texts of the same form that were never seen, in bits.

    The rank is by loss, from 1; |R| counts the canary too. References of equal loss count half, so that a model that
    knows nothing of any has about one bit. At most log₂|R|: few references cannot show much.

    Args:
        canary: its loss. references: losses of the others.

    Raises:
        DataError: no reference, or a loss that is no number.
    """
    others = np.asarray(references, dtype=np.float64).ravel()
    if not len(others) or np.isnan(others).any() or math.isnan(canary):
        raise DataError("exposure needs losses of a canary and of references", mend="give reference canaries")
    rank = 1.0 + float((others < canary).sum()) + float((others == canary).sum()) / 2
    return math.log2(len(others) + 1) - math.log2(rank)


def _flags(right: ArrayLike) -> np.ndarray:
    flags = np.asarray(right, dtype=bool).ravel()
    if not len(flags):
        raise DataError("there is no token to predict", mend="give longer texts")
    return flags
