"""A fold from a folder to a folder: a model of any size in bounded memory, one tensor after the other.

Contributions are verified first, all of them, and then read in parts: the blocks of one module across all updates, or
one tile of a dense parameter across all updates. Finished tiles are written in the order of the file, hashed on the
way. What is left behind by a fold that was killed is whole shards; the next one goes on after them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from orchestrator.aggregation.accumulate import Tally, placed
from orchestrator.aggregation.entries import Entry, ordered
from orchestrator.aggregation.pipeline import staged
from orchestrator.aggregation.plan import FLOAT, Plan, Target, make_plan
from orchestrator.aggregation.shards import FoldFolder, Planned, Shard, ShardWriter, in_file_order
from orchestrator.aggregation.source import Source
from orchestrator.aggregation.stored import StoredBase
from orchestrator.aggregation.strategies import Stack
from orchestrator.aggregation.strategy import WEIGHT_ONE, Block, Product, Strategy
from orchestrator.aggregation.tiles import Workers, add_scaled, add_tile, flat_tiles, row_tiles
from orchestrator.contribution import LowRank
from orchestrator.types import Digest, UpdateId

PIECE = 4 << 20
"""Bytes of an untouched tensor that are copied at once."""


@dataclass(frozen=True, slots=True)
class FoldReport:
    """What a fold made.

    Attributes:
        plan: digest of all that the bits depend on. shards: digest by file name. changed: names of changed tensors.
        made: how many of the shards this call wrote; the others were there. working_set: planned bytes of memory.
        tally: what the strategy told.
    """

    folder: Path
    plan: Digest
    shards: Mapping[str, Digest]
    changed: tuple[str, ...]
    made: int
    working_set: int
    tally: Tally


@dataclass(slots=True)
class _Load:
    """Stacks of one tensor: of all its parts, or of one."""

    target: Target
    parts: range
    products: dict[int, Product] = field(default_factory=dict)


def fold_folder(
    base: StoredBase,
    entries: Iterable[Entry],
    sources: Mapping[UpdateId, Source],
    out: Path,
    *,
    strategy: Strategy | None = None,
    device: str | torch.device = "cpu",
    threads: int | None = None,
    budget: int | None = None,
) -> FoldReport:
    """Write base + the contributions of a manifest as safetensors files like the base's.

    Changed tensors are written in fp32, all others as they were. A fold that is in ``out`` already is not made again.

    Args:
        entries: of the manifest, in any order. sources: of each of them; the caller closes them.
        threads: None for as many as torch was told to use.
        budget: bytes of anonymous memory, see :func:`~orchestrator.aggregation.plan.make_plan`.

    Raises:
        ProtocolError: a contribution is not what was recorded, is for another base or does not fit.
        DataError: the base is damaged, or ``out`` holds something else.
        ConfigurationError: the budget is too small.
    """
    wanted, where = ordered(entries), torch.device(device)
    with Workers(threads, where) as workers:
        plan = make_plan(
            base, wanted, sources, strategy or Stack(), device=where, threads=workers.threads, budget=budget
        )
        folder = FoldFolder(out, plan.digest, plan.about)
        missing = [] if folder.finished else [name for name in base.files if name not in folder.shards]
        if missing:
            workers.run([partial(_prove, sources[entry.update_id]) for entry in wanted])
        _Fold(base, sources, plan, workers, where).run(folder, missing)
    tally = Tally()
    for shard in folder.shards.values():
        tally.add(shard.figures)
    digests = {name: folder.shards[name].digest for name in sorted(folder.shards)}
    return FoldReport(out, plan.digest, digests, tuple(plan.targets), len(missing), plan.working_set, tally)


def _prove(source: Source) -> None:
    source.verify()
    source.prove()


class _Fold:
    """One run of the engine."""

    def __init__(
        self,
        base: StoredBase,
        sources: Mapping[UpdateId, Source],
        plan: Plan,
        workers: Workers,
        device: torch.device,
    ) -> None:
        self._base, self._sources, self._plan, self._workers, self._device = base, sources, plan, workers, device

    def run(self, folder: FoldFolder, missing: list[str]) -> None:
        order = {file: in_file_order(self._planned(file)) for file in self._base.files}
        targets = [self._plan.targets.get(item.name) for file in missing for item in order[file]]
        loads = staged(self._loads(targets), {"load": self._load}, ahead=int(self._plan.prefetch))
        with closing(loads):
            for file in missing:
                folder.add(file, self._write(folder.folder / file, order[file], loads))
        if not folder.finished:
            weight_map = {item.name: file for file, items in order.items() for item in items}
            folder.finish(weight_map, sum(item.size for items in order.values() for item in items))

    def _planned(self, file: str) -> list[Planned]:
        """The tensors of an output file; the base's extra ones come out with the last."""
        found = []
        for name, stored in self._base.tensors.items():
            if stored.file == file:
                found.append(self._one(name, stored.dtype, stored.shape, stored.end - stored.start))
        if file == self._base.files[-1]:
            for name, tensor in self._base.extra.items():
                found.append(self._one(name, "F32", tuple(tensor.shape), FLOAT * tensor.numel()))
        return found

    def _one(self, name: str, dtype: str, shape: tuple[int, ...], size: int) -> Planned:
        if name in self._plan.targets:
            return Planned(name, "F32", shape, FLOAT * torch.Size(shape).numel())
        return Planned(name, dtype, shape, size)

    def _write(self, path: Path, items: list[Planned], loads: Iterator[_Load]) -> Shard:
        tally = Tally()
        with ShardWriter(path, items, self._base.metadata.get(path.name, {})) as writer:
            for item in items:
                target = self._plan.targets.get(item.name)
                for data in self._untouched(item.name) if target is None else self._made(target, loads, tally):
                    writer.write(data)
        return Shard(writer.size, writer.digest, tally.figures)

    def _untouched(self, name: str) -> Iterator[memoryview]:
        if name in self._base.extra:
            yield _bytes(self._base.extra[name].float())
            return
        data = self._base.raw(name)
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]

    def _loads(self, targets: Iterable[Target | None]) -> Iterator[_Load]:
        for target in targets:
            if target is not None and target.has_low_rank:
                count = len(target.parts)
                for parts in [range(count)] if target.at_once else [range(place, place + 1) for place in range(count)]:
                    yield _Load(target, parts)

    def _load(self, load: _Load) -> _Load:
        module = load.target.module
        with torch.no_grad():
            for place in load.parts:
                low = load.target.parts[place].low
                blocks = [
                    Block.of(entry, source.outline().modules[module], partial(self._factors, source, module))
                    for entry, source in ((entry, self._sources[entry.update_id]) for entry in low)
                ]
                if blocks:
                    load.products[place] = self._plan.strategy.combine(module, blocks)
        return load

    def _factors(self, source: Source, module: str) -> LowRank:
        return placed(source.low_rank(module), self._device)

    def _made(self, target: Target, loads: Iterator[_Load], tally: Tally) -> Iterator[memoryview]:
        """The bytes of a changed tensor, tile by tile."""
        total: Tensor | None = None
        products: Mapping[int, Product] = {}
        if target.has_low_rank and target.at_once:
            products = next(loads).products
            _tell(tally, products)
        elif target.has_low_rank:
            total = torch.zeros(target.shape, device=self._device)
            for place in range(len(target.parts)):
                passing = next(loads).products
                _tell(tally, passing)
                self._workers.run(
                    [
                        partial(self._add, total[start:end], target, range(place, place + 1), passing, start, end)
                        for start, end in row_tiles(target.shape[0])
                    ]
                )
        grid = row_tiles(target.shape[0]) if target.has_low_rank else flat_tiles(target.numbers)
        tasks: list[Callable[[], Tensor]] = [
            partial(self._tile, target, products, total, start, end) for start, end in grid
        ]
        for tile in self._workers.ordered(tasks, ahead=self._workers.threads):
            yield _bytes(tile)

    def _tile(
        self, target: Target, products: Mapping[int, Product], total: Tensor | None, start: int, end: int
    ) -> Tensor:
        """Base + ΔW of one tile, on the CPU."""
        columns = target.numbers // target.shape[0] if target.has_low_rank else 1
        if total is not None:
            tile = total[start:end]
        else:
            shape = (end - start, *target.shape[1:]) if target.has_low_rank else (end - start,)
            tile = torch.zeros(shape, device=self._device)
            self._add(tile, target, range(len(target.parts)), products, start, end)
        pristine = self._base.flat(target.name)[start * columns : end * columns]
        return tile.view(-1).add_(pristine.to(device=self._device, dtype=torch.float32)).cpu()

    def _add(
        self, tile: Tensor, target: Target, parts: range, products: Mapping[int, Product], start: int, end: int
    ) -> None:
        """The parts' terms in the order of fold version 1: of each group first low-rank, then dense."""
        columns = target.numbers // target.shape[0] if target.has_low_rank else 1
        for place in parts:
            if place in products:
                add_tile(tile, products[place], start, end)
            for entry in target.parts[place].dense:
                source = self._sources[entry.update_id]
                part = source.dense(target.parameter, start * columns, end * columns)
                add_scaled(tile.view(-1), part, entry.weight / WEIGHT_ONE)


def _tell(tally: Tally, products: Mapping[int, Product]) -> None:
    for place in sorted(products):
        tally.add(products[place].figures)


def _bytes(tensor: Tensor) -> memoryview:
    return tensor.contiguous().view(-1).numpy().data.cast("B")
