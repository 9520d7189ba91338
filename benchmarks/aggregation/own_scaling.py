"""How time grows with the number of updates and of parameters, method by method."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, TypeVar

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
Part = TypeVar("Part")
FRACTION_BITS = 16
"""Of ``ffa``, by default as well."""


def growth(spec: Spec) -> Run:
    """Seconds of one method at each size.

    Raises:
        Absent: there is no such method in this version.
    """
    deltas = _deltas(spec, max(spec["sizes"]))
    works = {str(size): _work(spec, deltas, size) for size in spec["sizes"]}

    def run() -> Run:
        next(iter(works.values()))()  # no size pays for waking up
        seconds = {}
        for size, work in works.items():
            start = time.perf_counter()
            work()
            seconds[size] = time.perf_counter() - start
        return lambda: {"by_size": seconds}

    return run


def _deltas(spec: Spec, size: int) -> list[AdapterDelta]:
    """Those of the largest size; the others take parts of them.

    Raises:
        Absent: there is no such method in this version.
    """
    method = spec["method"]
    updates, parts = (size, spec["parts"]) if spec["axis"] == "updates" else (spec["updates"], size)
    if method == "dense mean":
        return [dense_delta(place, parts) for place in range(updates)]
    if method not in (*strategies(), "gram", "shapley"):
        raise Absent(f"there is no strategy {method} in this version")
    made = [low_rank_delta(place, parts, (spec["side"], spec["side"]), spec["rank"]) for place in range(updates)]
    return _frozen(made) if method == "ffa" else made


def _work(spec: Spec, deltas: list[AdapterDelta], size: int) -> Callable[[], object]:
    method = spec["method"]
    chosen = deltas[:size] if spec["axis"] == "updates" else [_part(delta, size) for delta in deltas]
    if method == "gram":
        return lambda: gram_matrix(chosen)
    if method == "shapley":
        return _shapley(chosen)
    return _fold(chosen, "stack" if method == "dense mean" else method)


def _part(delta: AdapterDelta, size: int) -> AdapterDelta:
    """The first modules, or layers, of a delta."""
    return AdapterDelta(BASE, PARENT, _first(delta.modules, size), _first(delta.dense, size))


def _first(parts: Mapping[str, Part], size: int) -> dict[str, Part]:
    return dict(islice(parts.items(), size))


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
