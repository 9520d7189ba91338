"""The terms that a plan adds to a tensor: stacks read ahead, tiles added in the order that the fold's version fixes."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, repeat

import torch
from torch import Tensor

from orchestrator.aggregation.accumulate import Tally, placed
from orchestrator.aggregation.memory import large_tensor
from orchestrator.aggregation.pipeline import staged
from orchestrator.aggregation.plan import Plan, Target
from orchestrator.aggregation.source import Source
from orchestrator.aggregation.strategies.stack import combined
from orchestrator.aggregation.strategy import WEIGHT_ONE, Block, Product
from orchestrator.aggregation.tiles import Workers, add_scaled, add_tile, flat_tiles, one_thread, row_tiles, set_scaled
from orchestrator.contribution import LowRank
from orchestrator.types import UpdateId

Products = Mapping[int, Product]
"""By part."""


@dataclass(slots=True)
class Load:
    """Stacks of one tensor: of all its parts, or of one."""

    target: Target
    parts: range
    products: dict[int, Product] = field(default_factory=dict)


Loads = Iterator[Load]


class Terms:
    """Reads and adds what a plan says.

    Args:
        sources: verified ones, of all entries.
    """

    def __init__(self, plan: Plan, sources: Mapping[UpdateId, Source], workers: Workers, device: torch.device) -> None:
        self._plan, self._sources, self._workers, self._device = plan, sources, workers, device

    def loads(self, targets: Iterable[Target]) -> Generator[Load, None, None]:
        """The stacks of these tensors in order, read ahead where the budget allows. Close it when done."""
        wanted = (load for target in targets if target.has_low_rank for load in _parts(target))
        ahead = self._plan.prefetch
        return staged(wanted, {"load": self._load}, ahead=ahead, width=max(ahead, 1), prepare=one_thread)

    def grid(self, target: Target) -> list[tuple[int, int]]:
        """Tiles of a tensor: rows where it has low-rank terms, else numbers."""
        return row_tiles(target.shape[0]) if target.has_low_rank else flat_tiles(target.numbers)

    def ready(self, target: Target, loads: Loads, tally: Tally, total: Tensor | None = None) -> Tensor | Products:
        """What :meth:`tile` needs: the stacks, or the sum of all terms where the stacks pass one after the other.

        Args:
            total: for the sum, set to zero here; made here by default.
        """
        if not target.has_low_rank:
            return {}
        if target.at_once:
            return _told(next(loads).products, tally)
        total = large_tensor(target.shape, self._device) if total is None else total
        total.zero_()
        for place in range(len(target.parts)):
            products = _told(next(loads).products, tally)
            self._workers.run(
                [
                    partial(self.add, total[start:end], target, range(place, place + 1), products, start, end)
                    for start, end in self.grid(target)
                ]
            )
        return total

    def tile(self, target: Target, ready: Tensor | Products, start: int, end: int) -> Tensor:
        """The sum of all terms of one tile."""
        if isinstance(ready, Tensor):
            return ready[start:end]
        shape = (end - start, *target.shape[1:]) if target.has_low_rank else (end - start,)
        return self.fill(torch.empty(shape, device=self._device), target, ready, start, end)

    def fill(self, tile: Tensor, target: Target, products: Products, start: int, end: int) -> Tensor:
        """The same into memory that is there, whatever it holds."""
        parts = range(len(target.parts))
        if target.has_low_rank:
            self.add(tile.zero_(), target, parts, products, start, end)
            return tile
        entries = [entry for place in parts for entry in target.parts[place].dense]
        if not entries:  # only noise is added
            return tile.zero_()
        for put, entry in zip(chain([set_scaled], repeat(add_scaled)), entries, strict=False):
            part = self._sources[entry.update_id].dense(target.parameter, start, end)
            put(tile, part, entry.weight / WEIGHT_ONE)
        return tile

    def add(self, tile: Tensor, target: Target, parts: range, products: Products, start: int, end: int) -> None:
        """Of each group first the low-rank term, then the dense ones."""
        columns = target.row if target.has_low_rank else 1
        for place in parts:
            if place in products:
                add_tile(tile, products[place], start, end)
            for entry in target.parts[place].dense:
                source = self._sources[entry.update_id]
                part = source.dense(target.parameter, start * columns, end * columns)
                add_scaled(tile.view(-1), part, entry.weight / WEIGHT_ONE)

    def _load(self, load: Load) -> Load:
        module = load.target.module
        with torch.no_grad():
            for place in load.parts:
                blocks = [
                    Block.of(entry, source.outline().modules[module], partial(self._factors, source, module))
                    for entry, source in (
                        (entry, self._sources[entry.update_id]) for entry in load.target.parts[place].low
                    )
                ]
                if blocks:
                    load.products[place] = combined(self._plan.strategy, module, blocks)
        return load

    def _factors(self, source: Source, module: str) -> LowRank:
        return placed(source.low_rank(module), self._device)


def prove(sources: Iterable[Source], workers: Workers) -> None:
    """Compare all contributions with what was recorded of them, side by side."""
    workers.run([partial(_prove, source) for source in sources])


def _prove(source: Source) -> None:
    source.verify()
    source.prove()


def _parts(target: Target) -> list[Load]:
    count = len(target.parts)
    ranges = [range(count)] if target.at_once else [range(place, place + 1) for place in range(count)]
    return [Load(target, parts) for parts in ranges]


def _told(products: Products, tally: Tally) -> Products:
    for place in sorted(products):
        tally.add(products[place].figures)
    return products
