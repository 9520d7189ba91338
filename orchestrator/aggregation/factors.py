"""The factor fold: a manifest as one low-rank adapter, exact by concatenation and never multiplied out.

[w₁s₁B₁ w₂s₂B₂ …] and [A₁; A₂; …] of each module go into one safetensors file, which is filled in place, so that its
bytes lie in the page cache. Each contribution has its own places in it, so several are verified, opened and put there
side by side, each by one thread from front to back: no thread waits for another, and what a core has just decrypted is
still in its cache when it is put in place. Dense changes are summed after that, in the manifest's order.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from orchestrator.aggregation.accumulate import Sums
from orchestrator.aggregation.entries import Entry, FoldEntry, ordered
from orchestrator.aggregation.pipeline import Clock
from orchestrator.aggregation.shards import Planned, header_bytes
from orchestrator.aggregation.source import Source
from orchestrator.aggregation.strategy import WEIGHT_ONE
from orchestrator.aggregation.tiles import Workers, add_scaled, flat_tiles
from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ProtocolError
from orchestrator.types import Digest, UpdateId

FLOAT = 4
CACHE_LINE = 64
"""Bytes; what is written by columns begins where one does, where ranks are multiples of 16."""
Naming = Callable[[str], tuple[str, str]]
"""From a module to the names of its A and its B in the file."""


def peft_names(module: str) -> tuple[str, str]:
    """As PEFT names them in ``adapter_model.safetensors``."""
    return f"base_model.model.{module}.lora_A.weight", f"base_model.model.{module}.lora_B.weight"


@dataclass(frozen=True, slots=True)
class Factors:
    """What :func:`stack_factors` made.

    Attributes:
        ranks: columns of each module's stack. The scale is in B, so an adapter with α = rank has these factors.
        dense: sums of dense changes. width: columns of every module where all were asked to be as wide.
    """

    path: Path
    ranks: Mapping[str, int]
    dense: Sums
    width: int = 0


def stack_factors(
    base: Digest,
    entries: Iterable[Entry],
    sources: Mapping[UpdateId, Source],
    path: Path,
    *,
    naming: Naming = peft_names,
    metadata: Mapping[str, str] | None = None,
    even: bool = False,
    heads: Mapping[str, tuple[str, Tensor]] | None = None,
    budget: int | None = None,
    clock: Clock | None = None,
    threads: int | None = None,
) -> Factors:
    """Write the stacks of a manifest to ``path``, which appears whole or not at all.

    Args:
        base: digest that every contribution must name. entries: in any order.
        sources: each is closed when it has been added.
        even: all modules as wide as the widest, with zeros, which add nothing.
        heads: by parameter, the name and the values that it gets in the file, to which dense changes are added.
        budget: bytes of buffers for what is open at once, one in any case; None for twice the largest contribution.
        clock: gets the seconds of the stages verify, open, fold and sync (of the file to the disk).
        threads: None for as many as torch was told to use; never more than there are buffers.

    Raises:
        ProtocolError: a contribution is not what was recorded, is for another base, or two do not fit together.
    """
    wanted = ordered(entries)
    outlines = {entry.update_id: sources[entry.update_id].outline() for entry in wanted}
    places = _Places(base, wanted, outlines)
    buffers = _Buffers([sources[entry.update_id].room for entry in wanted], budget, threads)
    clock = clock or Clock()
    width, kept = max(places.ranks.values(), default=0) if even else 0, heads or {}
    planned = sorted([*places.planned(naming, width), *map(_head, kept.values())], key=lambda tensor: tensor.name)
    with Workers(buffers.count) as workers, _filling(path, planned, metadata or {}, clock) as file:

        def one(entry: FoldEntry) -> None:
            source = sources[entry.update_id]
            with buffers.lent() as buffer:
                clock.time("verify", source.verify)
                delta = clock.time("open", partial(source.whole, buffer))
                clock.time("fold", partial(places.put, entry, delta, file, naming))
                del delta  # what it holds of the buffer goes to the next one
            if not outlines[entry.update_id].dense:
                source.close()

        workers.run([partial(one, entry) for entry in wanted])
        clock.time("fold", partial(places.add_dense, wanted, sources, workers))
        for parameter, (name, value) in kept.items():
            file.tensors[name].copy_(value)
            if parameter in places.dense:
                file.tensors[name].add_(places.dense[parameter])
    return Factors(path, dict(places.ranks), places.dense, width)


def _head(named: tuple[str, Tensor]) -> Planned:
    name, value = named
    return Planned(name, "F32", tuple(value.shape), FLOAT * value.numel())


class _Places:
    """Where each contribution's factors go."""

    def __init__(self, base: Digest, entries: Sequence[FoldEntry], outlines: Mapping[UpdateId, AdapterDelta]) -> None:
        self.ranks: dict[str, int] = {}
        self.dense: Sums = {}
        self._outlines = outlines
        self._shapes: dict[str, tuple[int, int]] = {}
        self._starts: dict[tuple[UpdateId, str], int] = {}
        for entry in entries:
            outline = outlines[entry.update_id]
            if outline.base != base:
                raise ProtocolError(f"contribution {entry.update_id} was made for another base, {outline.base}")
            for module, low in outline.modules.items():
                shape = (low.b.shape[0], low.a.shape[1])
                if self._shapes.setdefault(module, shape) != shape:
                    raise ProtocolError(f"contribution {entry.update_id} does not fit {module}")
                self._starts[entry.update_id, module] = self.ranks.get(module, 0)
                self.ranks[module] = self.ranks.get(module, 0) + low.rank
            for name, tensor in outline.dense.items():
                if self.dense.setdefault(name, torch.zeros(tuple(tensor.shape))).shape != tensor.shape:
                    raise ProtocolError(f"contribution {entry.update_id} does not fit {name}")

    def planned(self, naming: Naming, width: int = 0) -> list[Planned]:
        """The tensors of the stacks, each at least ``width`` wide."""
        found = []
        for module, used in self.ranks.items():
            rank, (outputs, inputs) = max(used, width), self._shapes[module]
            a, b = naming(module)
            found += [
                Planned(a, "F32", (rank, inputs), FLOAT * rank * inputs),
                Planned(b, "F32", (outputs, rank), FLOAT * outputs * rank),
            ]
        return found

    def put(self, entry: FoldEntry, delta: AdapterDelta, file: _File, naming: Naming) -> None:
        for module, low in delta.modules.items():
            a, b = naming(module)
            start = self._starts[entry.update_id, module]
            file.write_rows(a, start, low.a)
            factor = entry.weight / WEIGHT_ONE * low.scale
            torch.mul(low.b.float(), factor, out=file.tensors[b][:, start : start + low.rank])

    def add_dense(self, entries: Sequence[FoldEntry], sources: Mapping[UpdateId, Source], workers: Workers) -> None:
        """Sum the dense changes of proven sources, tile by tile and each in the order of the entries; close these."""
        having = [entry for entry in entries if self._outlines[entry.update_id].dense]

        def tile(name: str, start: int, end: int) -> None:
            total = self.dense[name].view(-1)[start:end]
            for entry in having:
                if name in self._outlines[entry.update_id].dense:
                    part = sources[entry.update_id].dense(name, start, end)
                    add_scaled(total, part, entry.weight / WEIGHT_ONE)

        tiles = [(name, *tile) for name, total in self.dense.items() for tile in flat_tiles(total.numel())]
        workers.run([partial(tile, *place) for place in tiles])
        for entry in having:
            sources[entry.update_id].close()


class _Buffers:
    """Memory that contributions are opened into, used again, as many as threads that work at once.

    Args:
        rooms: bytes that each contribution needs. budget: None for two of the largest.
    """

    def __init__(self, rooms: Sequence[int], budget: int | None, threads: int | None) -> None:
        self._size = max(rooms, default=0)
        wanted = threads or torch.get_num_threads()
        most = wanted if not self._size else 2 if budget is None else budget // self._size
        self.count = max(1, min(wanted, most))
        self._free: deque[bytearray] = deque()

    @contextmanager
    def lent(self) -> Iterator[memoryview | None]:
        """A buffer for the time of the block; None where contributions need none."""
        buffer = self._free.pop() if self._free else bytearray(self._size)
        yield memoryview(buffer) if self._size else None
        self._free.append(buffer)


class _File:
    """The tensors of a safetensors file that is being made.

    Attributes:
        tensors: by name, views of the mapped file.
    """

    def __init__(self, handle: int, planned: Sequence[Planned], header: bytes) -> None:
        size = len(header) + sum(tensor.size for tensor in planned)
        os.posix_fallocate(handle, 0, size)  # a disk that is full says so here; a map would end the process
        self._handle, self._map = handle, mmap.mmap(handle, size)
        self._map[: len(header)] = header
        self._starts: dict[str, int] = {}
        self.tensors: dict[str, Tensor] = {}
        start = len(header)
        for tensor in planned:
            raw = memoryview(self._map)[start : start + tensor.size]
            self._starts[tensor.name] = start
            self.tensors[tensor.name] = torch.frombuffer(raw, dtype=torch.float32).view(tensor.shape)
            start += tensor.size

    def write_rows(self, name: str, row: int, rows: Tensor) -> None:
        """Set whole rows. What lies in one piece is written, not stored to: a page costs no fault then."""
        data = rows.float().contiguous().view(-1).view(torch.uint8).numpy().data
        offset = self._starts[name] + FLOAT * row * rows.shape[1]
        while data:
            written = os.pwrite(self._handle, data, offset)
            data, offset = data[written:], offset + written

    def flush(self) -> None:
        self._map.flush()
        os.fsync(self._handle)


@contextmanager
def _filling(path: Path, planned: Sequence[Planned], metadata: Mapping[str, str], clock: Clock) -> Iterator[_File]:
    """A safetensors file that is being made; it gets its name when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "r+b"):
            file = _File(handle, planned, header_bytes(planned, metadata, CACHE_LINE))
            yield file
            start = time.perf_counter()
            file.flush()
            clock.seconds["sync"] = time.perf_counter() - start
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
