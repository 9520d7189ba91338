"""ΔW of a manifest in memory, read in parts from many contributions at once: no update is ever held whole.

Dense parameters are read one tile through all updates after the other, so that the sum's tile stays in a core's cache
and each update passes through memory once. Where :class:`~orchestrator.aggregation.accumulate.Accumulator` is for
contributions that come one after the other, this is for those that lie side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from functools import partial

import torch
from torch import Tensor

from orchestrator.aggregation.accumulate import Sums, Tally, changed
from orchestrator.aggregation.entries import Entry, ordered
from orchestrator.aggregation.memory import large_tensor
from orchestrator.aggregation.plan import Target, make_plan
from orchestrator.aggregation.source import Source
from orchestrator.aggregation.strategies import Stack
from orchestrator.aggregation.strategy import Strategy
from orchestrator.aggregation.terms import Loads, Products, Terms, prove
from orchestrator.aggregation.tiles import Workers
from orchestrator.types import Digest, UpdateId


class _Anything:
    """Stands for a base that has every parameter in the shape in which contributions change it."""

    files: tuple[str, ...] = ()

    def __init__(self, digest: Digest, sources: Mapping[UpdateId, Source]) -> None:
        self.digest = digest
        self._shapes = {name: shape for source in sources.values() for name, shape in changed(source.outline()).items()}

    def find(self, parameter: str) -> str | None:
        return parameter

    def shape(self, name: str) -> tuple[int, ...]:
        return self._shapes[name]


def sum_changes(
    base: Digest,
    entries: Iterable[Entry],
    sources: Mapping[UpdateId, Source],
    *,
    strategy: Strategy | None = None,
    device: str | torch.device = "cpu",
    threads: int | None = None,
    budget: int | None = None,
    tally: Tally | None = None,
    verify: bool = True,
    into: Mapping[str, Tensor] | None = None,
) -> Sums:
    """Σ of the manifest's terms by parameter, fp32; the same bits as any other way of folding.

    Args:
        base: digest that every contribution must name. entries: in any order. sources: the caller closes them.
        budget: bytes besides the sums, see :func:`~orchestrator.aggregation.plan.make_plan`.
        verify: False where the caller has just done it.
        into: sums of an earlier fold that are needed no more. Their memory is used again where the shapes are the same:
            a system gives out new memory slower than a fold fills it.

    Raises:
        ProtocolError: a contribution is not what was recorded, is for another base, or two do not fit together.
    """
    wanted, where = ordered(entries), torch.device(device)
    used = {entry.update_id: sources[entry.update_id] for entry in wanted}
    with Workers(threads, where) as workers:
        anything = _Anything(base, used)
        plan = make_plan(
            anything, wanted, used, strategy or Stack(), device=where, threads=workers.threads, budget=budget
        )
        if verify:
            prove(used.values(), workers)
        terms = Terms(plan, used, workers, where)
        sums = {name: _memory(target.shape, where, (into or {}).get(name)) for name, target in plan.targets.items()}
        dense: list[Callable[[], object]] = []
        with closing(terms.loads(plan.targets.values())) as loads:
            for name, target in plan.targets.items():
                if target.has_low_rank:
                    _sum(terms, target, sums[name], loads, workers, Tally() if tally is None else tally)
                else:
                    dense += _filling(terms, target, sums[name].view(-1), {})
        workers.run(dense)  # no tensor waits for the one before
    return sums


def _memory(shape: tuple[int, ...], device: torch.device, known: Tensor | None) -> Tensor:
    """Numbers that are not set yet, where ``known`` lies if it can be used."""
    if known is None or not known.is_contiguous():
        return large_tensor(shape, device)
    fits = (tuple(known.shape), known.dtype, known.device.type) == (shape, torch.float32, device.type)
    return known if fits else large_tensor(shape, device)


def _sum(terms: Terms, target: Target, total: Tensor, loads: Loads, workers: Workers, tally: Tally) -> None:
    ready = terms.ready(target, loads, tally, total)
    if not isinstance(ready, Tensor):
        workers.run(_filling(terms, target, total, ready))


def _filling(terms: Terms, target: Target, total: Tensor, products: Products) -> list[Callable[[], object]]:
    return [partial(terms.fill, total[start:end], target, products, start, end) for start, end in terms.grid(target)]
