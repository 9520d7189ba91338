"""A fold from a folder to a folder: a model of any size in bounded memory, one tensor after the other.

Contributions are verified first, all of them, and then read in parts: the blocks of one module across all updates, or
one tile of a dense parameter across all updates. Finished tiles are written in the order of the file, hashed on the
way. What is left behind by a fold that was killed is whole shards; the next one goes on after them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from orchestrator.aggregation.accumulate import Tally
from orchestrator.aggregation.entries import AnyEntry, ordered
from orchestrator.aggregation.noise import Noises
from orchestrator.aggregation.plan import FLOAT, Plan, Target, make_plan
from orchestrator.aggregation.shards import FoldFolder, Planned, Shard, ShardWriter, in_file_order
from orchestrator.aggregation.source import Source
from orchestrator.aggregation.stored import DTYPES, StoredBase
from orchestrator.aggregation.strategies import Stack
from orchestrator.aggregation.strategy import Strategy
from orchestrator.aggregation.terms import Loads, Products, Terms, prove
from orchestrator.aggregation.tiles import Workers
from orchestrator.contribution.check import Shapes
from orchestrator.errors import ConfigurationError
from orchestrator.types import Digest, UpdateId

PIECE = 4 << 20
"""Bytes of an untouched tensor that are copied at once."""
_NAMES = {dtype: name for name, dtype in DTYPES.items()}


@dataclass(frozen=True, slots=True)
class FoldReport:
    """What a fold made.

    Attributes:
        plan: digest of all that the bits depend on. shards: digest by file name. changed: names of changed tensors.
        made: how many of the shards this call wrote; the others were there. working_set: planned bytes of memory.
        tally: what the strategy told; ``rounding`` is the most that a number differs from the fold's, where a smaller
            type was asked for.
    """

    folder: Path
    plan: Digest
    shards: Mapping[str, Digest]
    changed: tuple[str, ...]
    made: int
    working_set: int
    tally: Tally


def fold_folder(
    base: StoredBase,
    entries: Iterable[AnyEntry],
    sources: Mapping[UpdateId, Source],
    out: Path,
    *,
    strategy: Strategy | None = None,
    device: str | torch.device = "cpu",
    threads: int | None = None,
    budget: int | None = None,
    dtype: torch.dtype | None = None,
    shapes: Shapes | None = None,
) -> FoldReport:
    """Write base + the contributions of a manifest as safetensors files like the base's.

    Changed tensors are written in fp32, all others as they were. A fold that is in ``out`` already is not made again.
    Whatever is written, sums are made in fp32.

    Args:
        entries: of the manifest, in any order. sources: of each of them; the caller closes them.
        threads: None for as many as torch was told to use.
        budget: bytes of anonymous memory, see :func:`~orchestrator.aggregation.plan.make_plan`.
        dtype: write all floating-point tensors in this type instead, rounded to nearest.
        shapes: of the model's parameters, by name; needed where the manifest has a hardening.

    Raises:
        ProtocolError: a contribution is not what was recorded, is for another base or does not fit.
        DataError: the base is damaged, or ``out`` holds something else.
        ConfigurationError: the budget is too small.
    """
    given, where = tuple(entries), torch.device(device)
    wanted, noises = ordered(given), Noises.of(given, shapes or {})
    if noises.entries and shapes is None:
        raise ConfigurationError("a manifest with noise is folded by the model's shapes", mend="give shapes")
    with Workers(threads, where) as workers:
        plan = make_plan(
            base,
            wanted,
            sources,
            strategy or Stack(),
            device=where,
            threads=workers.threads,
            budget=budget,
            noises=noises,
        )
        if dtype is not None:
            plan = replace(plan, about={**plan.about, "dtype": _NAMES[dtype]})
        folder = FoldFolder(out, plan.digest, plan.about)
        missing = [] if folder.finished else [name for name in base.files if name not in folder.shards]
        if missing:
            prove([sources[entry.update_id] for entry in wanted], workers)
            folder.begin()
        _Writing(base, plan, Terms(plan, sources, workers, where), workers, dtype, noises).run(folder, missing)
    tally = Tally()
    for shard in folder.shards.values():
        tally.add(shard.figures)
    digests = {name: folder.shards[name].digest for name in sorted(folder.shards)}
    return FoldReport(out, plan.digest, digests, tuple(plan.targets), len(missing), plan.working_set, tally)


class _Writing:
    """One run of the engine."""

    def __init__(
        self,
        base: StoredBase,
        plan: Plan,
        terms: Terms,
        workers: Workers,
        dtype: torch.dtype | None,
        noises: Noises,
    ) -> None:
        self._base, self._plan, self._terms, self._workers, self._dtype = base, plan, terms, workers, dtype
        self._noises = noises

    def run(self, folder: FoldFolder, missing: list[str]) -> None:
        order = {file: in_file_order(self._planned(file)) for file in self._base.files}
        names = [item.name for file in missing for item in order[file] if item.name in self._plan.targets]
        with closing(self._terms.loads(self._plan.targets[name] for name in names)) as loads:
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
        numbers = torch.Size(shape).numel()
        if self._dtype is not None and (name in self._plan.targets or dtype in DTYPES):
            return Planned(name, _NAMES[self._dtype], shape, self._dtype.itemsize * numbers)
        if name in self._plan.targets:
            return Planned(name, "F32", shape, FLOAT * numbers)
        return Planned(name, dtype, shape, size)

    def _write(self, path: Path, items: list[Planned], loads: Loads) -> Shard:
        tally = Tally()
        with ShardWriter(path, items, self._base.metadata.get(path.name, {})) as writer:
            for item in items:
                target = self._plan.targets.get(item.name)
                for data in self._untouched(item.name, tally) if target is None else self._made(target, loads, tally):
                    writer.write(data)
        return Shard(writer.size, writer.digest, tally.figures)

    def _untouched(self, name: str, tally: Tally) -> Iterator[memoryview]:
        if name in self._base.extra:
            yield _bytes(self._written(self._base.extra[name].float(), tally))
            return
        if self._dtype is not None and self._base.tensors[name].dtype in DTYPES:
            numbers, step = self._base.flat(name), PIECE // FLOAT
            for start in range(0, numbers.numel(), step):
                yield _bytes(self._written(numbers[start : start + step], tally))
            return
        data = self._base.raw(name)
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]

    def _made(self, target: Target, loads: Loads, tally: Tally) -> Iterator[memoryview]:
        """The bytes of a changed tensor, tile by tile."""
        ready = self._terms.ready(target, loads, tally)
        tasks = [partial(self._tile, target, ready, start, end) for start, end in self._terms.grid(target)]
        for tile in self._workers.ordered(tasks, ahead=self._workers.threads):
            yield _bytes(self._written(tile, tally))

    def _written(self, numbers: Tensor, tally: Tally) -> Tensor:
        """Numbers in the type that was asked for, and how far the worst of them is off."""
        if self._dtype is None or numbers.dtype == self._dtype:
            return numbers
        smaller = numbers.to(self._dtype)
        tally.add({"rounding": float((smaller.to(numbers.dtype) - numbers).abs().max()) if numbers.numel() else 0.0})
        return smaller

    def _tile(self, target: Target, ready: Tensor | Products, start: int, end: int) -> Tensor:
        """Base + ΔW + noise of one tile, on the CPU."""
        columns = target.row if target.has_low_rank else 1
        tile = self._terms.tile(target, ready, start, end)
        self._noises.add(tile, target.parameter, start * columns)
        pristine = self._base.flat(target.name)[start * columns : end * columns]
        return tile.view(-1).add_(pristine.to(device=tile.device, dtype=torch.float32)).cpu()


def _bytes(tensor: Tensor) -> memoryview:
    return tensor.contiguous().view(-1).view(torch.uint8).numpy().data
