"""The factor fold: a manifest as one low-rank adapter, exact by concatenation and never multiplied out.

[w₁s₁B₁ w₂s₂B₂ …] and [A₁; A₂; …] of each module go into one safetensors file, which is filled in place, so that its
bytes lie in the page cache. Each contribution has its own places in it, so several are verified, opened and put there
side by side, each by one thread from front to back: no thread waits for another.

Columns of a stack of B lie a row apart, and a page would be touched for each. So the file takes them in pieces first:
where a block of rows will be, all contributions' columns of these rows, one after the other. When all are there, each
block is read, put in order and written back. Dense changes are summed last, in the manifest's order.
"""

from __future__ import annotations

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
from orchestrator.errors import DataError, ProtocolError
from orchestrator.types import Digest, UpdateId

FLOAT = 4
PAGE = 4096
"""Bytes; where tensors begin on a page, no page is written by halves."""
BLOCK = 4 << 20
"""Bytes of the rows of B that are put in order at once."""
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
    places = _Places(base, wanted, outlines, naming, even=even)
    buffers = _Buffers([sources[entry.update_id].room for entry in wanted], budget, threads, places.largest_block)
    clock = clock or Clock()
    kept = heads or {}
    planned = sorted([*places.planned(), *map(_head, kept.values())], key=lambda tensor: tensor.name)
    with Workers(buffers.count) as workers, _filling(path, planned, metadata or {}, clock) as file:

        def one(entry: FoldEntry) -> None:
            source = sources[entry.update_id]
            with buffers.lent() as buffer:
                clock.time("verify", source.verify)
                delta = clock.time("open", partial(source.whole, buffer))
                clock.time("fold", partial(places.put, entry, delta, file))
                del delta  # what it holds of the buffer goes to the next one
            if not outlines[entry.update_id].dense:
                source.close()

        workers.run([partial(one, entry) for entry in wanted])

        def block(module: str, first: int, last: int) -> None:
            with buffers.lent() as buffer:
                places.arrange(file, module, first, last, buffer)

        blocks = [partial(block, module, *rows) for module in places.ranks for rows in places.blocks(module)]
        clock.time("fold", partial(workers.run, blocks))
        clock.time("fold", partial(places.add_dense, wanted, sources, workers))
        for parameter, (name, value) in kept.items():
            total = places.dense.get(parameter)
            file.write(name, 0, value.float() if total is None else value.float() + total)
    return Factors(path, dict(places.ranks), places.dense, places.width if even else 0)


def _head(named: tuple[str, Tensor]) -> Planned:
    name, value = named
    return Planned(name, "F32", tuple(value.shape), FLOAT * value.numel())


class _Places:
    """Where each contribution's factors go."""

    def __init__(
        self,
        base: Digest,
        entries: Sequence[FoldEntry],
        outlines: Mapping[UpdateId, AdapterDelta],
        naming: Naming,
        *,
        even: bool,
    ) -> None:
        self.ranks: dict[str, int] = {}
        self.dense: Sums = {}
        self._outlines = outlines
        self._shapes: dict[str, tuple[int, int]] = {}
        self._starts: dict[tuple[UpdateId, str], int] = {}
        self._columns: dict[str, dict[tuple[int, int], float]] = {}
        self._naming, self._even = naming, even
        for entry in entries:
            outline = outlines[entry.update_id]
            if outline.base != base:
                raise ProtocolError(f"contribution {entry.update_id} was made for another base, {outline.base}")
            for module, low in outline.modules.items():
                shape = (low.b.shape[0], low.a.shape[1])
                if self._shapes.setdefault(module, shape) != shape:
                    raise ProtocolError(f"contribution {entry.update_id} does not fit {module}")
                start = self._starts[entry.update_id, module] = self.ranks.get(module, 0)
                factor = entry.weight / WEIGHT_ONE * low.scale
                self._columns.setdefault(module, {})[start, start + low.rank] = factor
                self.ranks[module] = start + low.rank
            for name, tensor in outline.dense.items():
                if self.dense.setdefault(name, torch.zeros(tuple(tensor.shape))).shape != tensor.shape:
                    raise ProtocolError(f"contribution {entry.update_id} does not fit {name}")

    @property
    def width(self) -> int:
        """Of the widest stack."""
        return max(self.ranks.values(), default=0)

    def wide(self, module: str) -> int:
        """Columns of a module's stack in the file."""
        return self.width if self._even else self.ranks[module]

    def blocks(self, module: str) -> list[tuple[int, int]]:
        """(first, last) row of what is put in order at once."""
        outputs, step = self._shapes[module][0], max(1, BLOCK // (FLOAT * self.wide(module)))
        return [(first, min(first + step, outputs)) for first in range(0, outputs, step)]

    @property
    def largest_block(self) -> int:
        """Bytes."""
        rows = [(last - first) * self.wide(module) for module in self.ranks for first, last in self.blocks(module)]
        return FLOAT * max(rows, default=0)

    def planned(self) -> list[Planned]:
        """The tensors of the stacks."""
        found = []
        for module in self.ranks:
            rank, (outputs, inputs) = self.wide(module), self._shapes[module]
            a, b = self._naming(module)
            found += [
                Planned(a, "F32", (rank, inputs), FLOAT * rank * inputs),
                Planned(b, "F32", (outputs, rank), FLOAT * outputs * rank),
            ]
        return found

    def put(self, entry: FoldEntry, delta: AdapterDelta, file: _File) -> None:
        """A where it belongs, and B in pieces, not scaled yet, within the blocks of rows that it belongs to."""
        for module, low in delta.modules.items():
            a, b = self._naming(module)
            start, wide = self._starts[entry.update_id, module], self.wide(module)
            file.write(a, start * low.a.shape[1], low.a.float())
            for first, last in self.blocks(module):
                file.write(b, first * wide + (last - first) * start, low.b[first:last].float())

    def arrange(self, file: _File, module: str, first: int, last: int, scratch: memoryview) -> None:
        """Put a block of rows of B in order and scale it, when all pieces are there. ``scratch`` holds two blocks."""
        (_, name), used, wide, rows = self._naming(module), self.ranks[module], self.wide(module), last - first
        room = torch.frombuffer(scratch, dtype=torch.float32, count=rows * (used + wide))
        pieces, made = room[: rows * used], room[rows * used :].view(rows, wide)
        file.read_into(pieces, name, first * wide)
        columns = [pieces[rows * start : rows * end].view(rows, -1) for start, end in self._columns[module]]
        if wide > used:
            columns.append(torch.zeros(rows, wide - used))
        torch.cat(columns, dim=1, out=made)
        file.write(name, first * wide, made.mul_(self._scales(module)))

    def _scales(self, module: str) -> Tensor:
        """What each column of B is multiplied with."""
        factors = [factor for (start, end), factor in self._columns[module].items() for _ in range(start, end)]
        return torch.tensor(factors + [1.0] * (self.wide(module) - len(factors)), dtype=torch.float32)

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
    """Memory that contributions are opened into, and blocks put in order in; as many as threads that work at once.

    Args:
        rooms: bytes that each contribution needs. budget: None for two of the largest.
        block: bytes of the largest block.
    """

    def __init__(self, rooms: Sequence[int], budget: int | None, threads: int | None, block: int) -> None:
        largest, wanted = max(rooms, default=0), threads or torch.get_num_threads()
        most = wanted if not largest else 2 if budget is None else budget // largest
        self.count = max(1, min(wanted, most))
        self._size = max(largest, 2 * block)
        self._free: deque[bytearray] = deque()

    @contextmanager
    def lent(self) -> Iterator[memoryview]:
        """A buffer for the time of the block; what nobody writes to takes no memory."""
        buffer = self._free.pop() if self._free else bytearray(self._size)
        yield memoryview(buffer)
        self._free.append(buffer)


class _File:
    """The tensors of a safetensors file that is being made. Several threads may write at once."""

    def __init__(self, handle: int, planned: Sequence[Planned], header: bytes) -> None:
        size = len(header) + sum(tensor.size for tensor in planned)
        os.posix_fallocate(handle, 0, size)  # a disk that is full says so here, before any work is done
        self._handle = handle
        os.pwrite(handle, header, 0)
        self._starts: dict[str, int] = {}
        start = len(header)
        for tensor in planned:
            self._starts[tensor.name] = start
            start += tensor.size

    def write(self, name: str, first: int, numbers: Tensor) -> None:
        """Set numbers of a tensor, fp32, from the one at place ``first`` on."""
        data = numbers.contiguous().view(-1).view(torch.uint8).numpy().data
        offset = self._starts[name] + FLOAT * first
        while data:
            written = os.pwrite(self._handle, data, offset)
            data, offset = data[written:], offset + written

    def read_into(self, found: Tensor, name: str, first: int) -> None:
        """Numbers of a tensor from the one at place ``first`` on.

        Raises:
            DataError: somebody cut the file meanwhile.
        """
        data, offset = found.view(torch.uint8).numpy().data, self._starts[name] + FLOAT * first
        while data:
            if not (got := os.preadv(self._handle, [data], offset)):
                raise DataError("a file that is being written became shorter", mend="run it again")
            data, offset = data[got:], offset + got

    def flush(self) -> None:
        os.fsync(self._handle)


@contextmanager
def _filling(path: Path, planned: Sequence[Planned], metadata: Mapping[str, str], clock: Clock) -> Iterator[_File]:
    """A safetensors file that is being made; it gets its name when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "r+b"):
            file = _File(handle, planned, header_bytes(planned, metadata, PAGE))
            yield file
            start = time.perf_counter()
            file.flush()
            clock.seconds["sync"] = time.perf_counter() - start
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
