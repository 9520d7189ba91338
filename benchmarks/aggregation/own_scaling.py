"""How time grows with the number of updates and of parameters, method by method."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

from benchmarks.aggregation import Absent
from benchmarks.aggregation.inputs import BASE, PARENT, dense_delta, entries_of, low_rank_delta
from orchestrator.aggregation import strategies, strategy_named
from orchestrator.aggregation.distances import gram_matrix
from orchestrator.aggregation.scores import exact_shapley
from orchestrator.aggregation.source import HeldSource, Source
from orchestrator.aggregation.sums import sum_changes
from orchestrator.contribution import AdapterDelta, LowRank, to_grid
from orchestrator.types import UpdateId

Spec = Mapping[str, Any]
Run = Callable[[], Any]
FRACTION_BITS = 16
"""Of ``ffa``, by default as well."""


def growth(spec: Spec) -> Run:
    """Seconds of one method at each size.

    Raises:
        Absent: there is no such method in this version.
    """
    works = {str(size): _work(spec["method"], spec["axis"], size, spec) for size in spec["sizes"]}

    def run() -> Run:
        seconds = {}
        for size, work in works.items():
            start = time.perf_counter()
            work()
            seconds[size] = time.perf_counter() - start
        return lambda: {"by_size": seconds}

    return run


def _work(method: str, axis: str, size: int, spec: Spec) -> Callable[[], object]:
    updates, parts = (size, spec["parts"]) if axis == "updates" else (spec["updates"], size)
    if method == "dense mean":
        return _fold([dense_delta(place, parts) for place in range(updates)], "stack")
    shape = (spec["side"], spec["side"])
    deltas = [low_rank_delta(place, parts, shape, spec["rank"]) for place in range(updates)]
    if method == "gram":
        return lambda: gram_matrix(deltas)
    if method == "shapley":
        return _shapley(deltas)
    if method not in strategies():
        raise Absent(f"there is no strategy {method} in this version")
    return _fold(_frozen(deltas) if method == "ffa" else deltas, method)


def _fold(deltas: list[AdapterDelta], strategy: str) -> Callable[[], object]:
    entries = entries_of(len(deltas))
    sources: dict[UpdateId, Source] = {
        entry.update_id: HeldSource(delta) for entry, delta in zip(entries, deltas, strict=True)
    }
    kept: dict[str, torch.Tensor] = {}

    def work() -> None:
        """Into the same memory each time: what the system takes for new pages is no growth of the method."""
        kept.update(sum_changes(BASE, entries, sources, strategy=strategy_named(strategy), into=kept))

    return work


def _frozen(deltas: list[AdapterDelta]) -> list[AdapterDelta]:
    """The same A for all and B on a grid, as FFA-LoRA has it here."""
    first = deltas[0].modules

    def one(name: str, low: LowRank) -> LowRank:
        return LowRank(first[name].a, to_grid(name, low.b, FRACTION_BITS), low.alpha)

    return [AdapterDelta(BASE, PARENT, {name: one(name, low) for name, low in d.modules.items()}) for d in deltas]


def _shapley(deltas: list[AdapterDelta]) -> Callable[[], object]:
    """A subset is worth the norm of its fold: as many folds as subsets, and no model to evaluate."""
    entries = entries_of(len(deltas))
    sources: dict[UpdateId, Source] = {
        entry.update_id: HeldSource(delta) for entry, delta in zip(entries, deltas, strict=True)
    }

    def value(chosen: tuple[UpdateId, ...]) -> int:
        sums = sum_changes(BASE, [entry for entry in entries if entry.update_id in chosen], sources)
        return round(sum(float(torch.linalg.vector_norm(tensor)) for tensor in sums.values()))

    return lambda: exact_shapley([entry.update_id for entry in entries], value)
