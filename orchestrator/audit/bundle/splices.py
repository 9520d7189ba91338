"""A list of a manifest's entries as changes to the one before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
Change = tuple[int, int, tuple[T, ...]]
"""Where in the list before, how many items go, and which come."""


def changes(before: Sequence[T], after: Sequence[T]) -> list[Change[T]]:
    """What makes ``after`` of ``before``, in ascending order; linear where what stays keeps its order."""
    old, new = frozenset(before), frozenset(after)
    found: list[Change[T]] = []
    i = j = 0
    while i < len(before) or j < len(after):
        if i < len(before) and j < len(after) and before[i] == after[j]:
            i, j = i + 1, j + 1
            continue
        at, first = i, j
        while (i < len(before) or j < len(after)) and not (
            i < len(before) and j < len(after) and before[i] == after[j]
        ):
            if j < len(after) and (i == len(before) or after[j] not in old):
                j += 1
            elif i < len(before) and (j == len(after) or before[i] not in new or after[j] in old):
                i += 1
        found.append((at, i - at, tuple(after[first:j])))
    return found
