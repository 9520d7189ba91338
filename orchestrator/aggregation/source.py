"""Where the engine reads contributions from: whole or in parts, from memory, a plain file or a sealed payload."""

from __future__ import annotations

import hashlib
import mmap
import os
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from orchestrator.contribution import AdapterDelta, Limits, LowRank, agreed_a
from orchestrator.contribution.layout import PREFIX, Layout, Span, header_end, read_layout
from orchestrator.errors import DataError, ProtocolError
from orchestrator.types import Digest

FIRST = 64 << 10
"""Bytes that are read first: most headers are in them."""


class DeltaBytes(Protocol):
    """The bytes of a serialised delta, wherever they lie: :class:`MappedFile`, ``envelope.access.SealedPayload``.

    Reading parts is allowed once :meth:`verify` and :meth:`prove` were called; several threads may do it at once.
    """

    @property
    def size(self) -> int:
        """Bytes of the delta."""
        ...

    @property
    def room(self) -> int:
        """Bytes of anonymous memory that :meth:`open` needs; 0 where it needs none."""
        ...

    def verify(self) -> None:
        """Compare the stored bytes with the recorded digest. Heavy, and lets other threads run."""
        ...

    def prove(self) -> None:
        """Compare the content with what was committed to, keeping nothing of it."""
        ...

    def open(self, into: memoryview | None = None) -> memoryview:
        """All bytes, compared with what was committed to; in ``into`` where that is given and needed."""
        ...

    def read(self, start: int, end: int) -> memoryview:
        """Bytes ``[start, end)``, genuine ones, in a writable buffer."""
        ...

    def close(self) -> None: ...


class Source(Protocol):
    """One contribution as the engine sees it."""

    @property
    def size(self) -> int: ...
    @property
    def room(self) -> int: ...

    def verify(self) -> None: ...
    def prove(self) -> None: ...

    def outline(self) -> AdapterDelta:
        """The delta with tensors on the ``meta`` device: shapes and types only."""
        ...

    def low_rank(self, module: str) -> LowRank:
        """One module's factors."""
        ...

    def dense(self, name: str, start: int, end: int) -> Tensor:
        """Numbers ``[start, end)`` of a dense parameter, flat."""
        ...

    def whole(self, into: memoryview | None = None) -> AdapterDelta:
        """All of it; its tensors may be views of ``into``."""
        ...

    def close(self) -> None: ...


class MappedFile:
    """A serialised delta in a file, memory-mapped: its bytes lie in the page cache and are nobody's own memory.

    Args:
        digest: SHA-256 that the file must have; None where something else vouches for it.

    Raises:
        DataError: the file cannot be read.
    """

    room = 0

    def __init__(self, path: Path, digest: Digest | None = None) -> None:
        self._path, self._digest = path, digest
        try:
            with path.open("rb") as file:
                self.size = os.fstat(file.fileno()).st_size
                # a private map may be written to, which torch asks for; nobody does, so no page is ever copied
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) if self.size else None
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}") from error
        self._view = memoryview(self._map) if self._map is not None else memoryview(bytearray())

    def verify(self) -> None:
        """Raises ProtocolError: the file is not the recorded one."""
        if self._digest is None:
            return
        found = "0x" + hashlib.sha256(self._view).hexdigest()
        if found != self._digest:
            raise ProtocolError(f"{self._path.name} has digest {found}, recorded is {self._digest}")

    def prove(self) -> None:
        """Nothing more than :meth:`verify`."""

    def open(self, into: memoryview | None = None) -> memoryview:
        return self._view

    def read(self, start: int, end: int) -> memoryview:
        return self._view[start:end]

    def close(self) -> None:
        """Let go of the map; it ends when the last tensor that is a view of it does."""
        self._view, self._map = memoryview(bytearray()), None


class DeltaSource:
    """A contribution in serialised bytes; see :class:`Source`."""

    def __init__(self, data: DeltaBytes, limits: Limits | None = None) -> None:
        self._data, self._limits = data, limits
        self._layout: Layout | None = None
        self._flat: dict[str, Tensor] = {}

    @property
    def size(self) -> int:
        return self._data.size

    @property
    def room(self) -> int:
        return self._data.room

    def verify(self) -> None:
        self._data.verify()

    def prove(self) -> None:
        self._data.prove()

    def outline(self) -> AdapterDelta:
        return self._laid_out().outline

    def low_rank(self, module: str) -> LowRank:
        outline, spans = self.outline().modules[module], self._laid_out().spans
        if (seed := self.outline().seed) is not None:  # the other half did not travel
            b = spans[f"low_rank.{module}.b"]
            made = agreed_a(seed, module, *outline.a.shape)
            return LowRank(made, _tensor(self._data.read(b.start, b.end), b), outline.alpha, outline.rslora)
        a, b = spans[f"low_rank.{module}.a"], spans[f"low_rank.{module}.b"]
        if a.end == b.start:  # as the canonical order has it, unless their types differ: one read
            both = self._data.read(a.start, b.end)
            found = _tensor(both[: a.end - a.start], a), _tensor(both[a.end - a.start :], b)
        else:
            found = _tensor(self._data.read(a.start, a.end), a), _tensor(self._data.read(b.start, b.end), b)
        return LowRank(*found, outline.alpha, outline.rslora)

    def dense(self, name: str, start: int, end: int) -> Tensor:
        if (known := self._flat.get(name)) is not None:
            return known[start:end]
        span = self._laid_out().spans[f"dense.{name}"]
        if not self._data.room:  # it lies in memory that is nobody's own: one view serves all tiles
            self._flat[name] = _tensor(self._data.read(span.start, span.end), span).view(-1)
            return self._flat[name][start:end]
        first, last = (span.start + place * span.dtype.itemsize for place in (start, end))
        return _tensor(self._data.read(first, last), Span(first, last, span.dtype, (end - start,)))

    def whole(self, into: memoryview | None = None) -> AdapterDelta:
        data = self._data.open(into)
        end = header_end(bytes(data[:PREFIX]), len(data), self._limits)
        layout = self._layout = _layout(bytes(data[PREFIX:end]), len(data), self._limits)
        found = {name: _tensor(data[span.start : span.end], span) for name, span in layout.spans.items()}
        outline = layout.outline
        modules = {}
        for name, low in outline.modules.items():
            seeded = None if outline.seed is None else agreed_a(outline.seed, name, *low.a.shape)
            a = found[f"low_rank.{name}.a"] if seeded is None else seeded
            modules[name] = LowRank(a, found[f"low_rank.{name}.b"], low.alpha, low.rslora)
        dense = {name: found[f"dense.{name}"] for name in outline.dense}
        return AdapterDelta(outline.base, outline.parent_manifest, modules, dense, outline.frozen)

    def close(self) -> None:
        self._flat.clear()
        self._data.close()

    def _laid_out(self) -> Layout:
        if self._layout is None:
            first = self._data.read(0, min(FIRST, self.size))  # one chunk of a sealed one, not the same one twice
            end = header_end(bytes(first[:PREFIX]), self.size, self._limits)
            header = first[PREFIX:end] if end <= len(first) else self._data.read(PREFIX, end)
            self._layout = _layout(bytes(header), self.size, self._limits)
        return self._layout


class HeldSource:
    """A contribution that is in memory already, verified by whoever put it there; see :class:`Source`."""

    room = 0

    def __init__(self, delta: AdapterDelta) -> None:
        self._delta = delta
        tensors = [tensor for low in delta.modules.values() for tensor in (low.a, low.b)]
        self.size = sum(tensor.numel() * tensor.element_size() for tensor in [*tensors, *delta.dense.values()])

    def verify(self) -> None:
        """Nothing to compare."""

    def prove(self) -> None:
        """Nothing to compare."""

    def outline(self) -> AdapterDelta:
        return self._delta

    def low_rank(self, module: str) -> LowRank:
        return self._delta.modules[module]

    def dense(self, name: str, start: int, end: int) -> Tensor:
        return self._delta.dense[name].reshape(-1)[start:end]

    def whole(self, into: memoryview | None = None) -> AdapterDelta:
        return self._delta

    def close(self) -> None:
        """Nothing is open."""


@lru_cache(maxsize=16)
def _layout(header: bytes, size: int, limits: Limits | None) -> Layout:
    """Members of one task send the same header, so it is parsed and checked once for all."""
    return read_layout(header, size, limits)


def _tensor(data: memoryview, span: Span) -> Tensor:
    raw = torch.frombuffer(data, dtype=torch.uint8)
    if raw.data_ptr() % span.dtype.itemsize:  # a sender chose an odd chunk size
        raw = raw.clone()
    return raw.view(span.dtype).view(span.shape)
