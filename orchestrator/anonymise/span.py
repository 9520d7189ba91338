"""A piece of a text that identifies somebody, and which of several overlapping ones counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """``text[start:end]`` is of this kind."""

    start: int
    end: int
    kind: str


Finder = Callable[[str, Sequence[str]], Iterator[Span]]
"""Finds every span of one kind in a text. The second argument: regions whose national phone numbers are known."""


def apart(spans: Iterable[Span]) -> list[Span]:
    """Spans that do not overlap, in the text's order: of two that do, the longer; of equal ones, who came first."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda item: item.start - item.end):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda item: item.start)
