"""The held-out figures that a member puts on the chain after a revocation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

Item = TypeVar("Item", contravariant=True)


class Movable(Protocol[Item]):
    """A model that can be brought to a manifest: ``aggregation.FoldedModel``."""

    def move(self, entries: Iterable[Item], opener: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric in millionths before and after, on the same ``samples`` held-out samples."""

    metric: str
    before: int
    after: int
    samples: int


def compare(
    folded: Movable[Item],
    before: Iterable[Item],
    after: Iterable[Item],
    opener: Any,
    measure: Callable[[], tuple[int, int]],
    *,
    metric: str,
) -> Comparison:
    """Measure the fold of two manifests; the model is left at the second.

    Args:
        folded: the model. before, after: entries of the two manifests.
        opener: opens a contribution; ends before shredding, because afterwards ``before`` cannot be folded.
        measure: gives (value in millionths, samples) of the model as it is.
        metric: name of what is measured.
    """
    folded.move(before, opener)
    first, samples = measure()
    folded.move(after, opener)
    second, _ = measure()
    return Comparison(metric, first, second, samples)
