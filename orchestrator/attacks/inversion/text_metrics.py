"""How much of a text came back: token recall and precision, ROUGE-1 and ROUGE-2 as F1.

ROUGE: C.-Y. Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004. Words are runs of letters and digits,
in lower case, without stemming; counts are clipped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

_WORD = re.compile(r"[^\W_]+")


def token_recall(found: Iterable[int], truth: Iterable[int]) -> float:
    """Share of the distinct tokens of a text that were found; 0 for a text without tokens."""
    wanted = set(truth)
    return len(wanted & set(found)) / len(wanted) if wanted else 0.0


def token_precision(found: Iterable[int], truth: Iterable[int]) -> float:
    """Share of the distinct tokens that were found which are in the text; 0 where nothing was found."""
    return token_recall(truth, found)


def rouge(found: str, truth: str, n: int) -> float:
    """F1 of the n-grams of words that two texts share, 0 to 1; 0 where one of them has none.

    Args:
        n: 1 for words, which says nothing about their order; 2 for pairs.
    """
    first, second = (_grams(words(text), n) for text in (found, truth))
    shared = (first & second).total()
    return 2 * shared / (first.total() + second.total()) if shared else 0.0


def words(text: str) -> list[str]:
    """The words that ROUGE counts."""
    return _WORD.findall(text.lower())


def _grams(sequence: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(sequence[start : start + n]) for start in range(len(sequence) - n + 1))
