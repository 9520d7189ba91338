"""Contributions pass through stages that overlap, each on a thread of its own, in order, within a bound of memory."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TypeVar

from orchestrator.aggregation.source import Source
from orchestrator.contribution import AdapterDelta

Item = TypeVar("Item")


@dataclass(slots=True)
class Clock:
    """Seconds that each stage was at work, waiting not counted."""

    seconds: dict[str, float] = field(default_factory=dict)

    def timed(self, stage: str, work: Callable[[Item], Item]) -> Callable[[Item], Item]:
        self.seconds.setdefault(stage, 0.0)

        def measured(item: Item) -> Item:
            start = time.perf_counter()
            try:
                return work(item)
            finally:
                self.seconds[stage] += time.perf_counter() - start

        return measured


class Buffers:
    """Buffers that are used again, never more bytes of them than ``limit``; one is always to be had.

    One thread takes, in order, and another gives back, so waiting ends.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._free: list[bytearray] = []
        self._bytes = self._out = 0
        self._closed = False
        self._changed = threading.Condition()

    def take(self, size: int) -> bytearray:
        """A buffer of at least ``size`` bytes; waits until there is room."""
        with self._changed:
            while not self._closed:
                fitting = [buffer for buffer in self._free if len(buffer) >= size]
                if fitting:
                    self._free.remove(smallest := min(fitting, key=len))
                    self._out += 1
                    return smallest
                while self._free and self._bytes + size > self.limit:
                    self._bytes -= len(self._free.pop())
                if not self._out or self._bytes + size <= self.limit:
                    self._bytes += size
                    self._out += 1
                    return bytearray(size)
                self._changed.wait()
            raise InterruptedError("the fold has ended")

    def give(self, buffer: bytearray) -> None:
        with self._changed:
            self._free.append(buffer)
            self._out -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Wake whoever waits; the fold ends."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def staged(
    items: Iterable[Item],
    stages: Mapping[str, Callable[[Item], Item]],
    *,
    ahead: int = 2,
    width: int = 1,
    prepare: Callable[[], None] | None = None,
    clock: Clock | None = None,
    wake: Callable[[], None] | None = None,
) -> Generator[Item, None, None]:
    """Items in order, each through all stages; a stage works on a later item while the next one has an earlier.

    Args:
        ahead: how many items may be on their way besides the one taken. width: threads of each stage.
        prepare: called in each of these threads first.
        wake: called when it ends early, to end the waiting of a stage.

    Raises:
        the first error of a stage, in the order of the items; later items are given up.
    """
    clock = clock or Clock()
    with ExitStack() as stack:
        lanes = [
            (stack.enter_context(ThreadPoolExecutor(width, name, initializer=prepare)), clock.timed(name, work))
            for name, work in stages.items()
        ]
        waiting: deque[list[Future[Item]]] = deque()
        stack.callback(lambda: [future.cancel() for futures in waiting for future in futures])
        if wake is not None:
            stack.callback(wake)
        for item in items:
            waiting.append(_enter(item, lanes))
            if len(waiting) > ahead:
                yield waiting.popleft()[-1].result()
        while waiting:
            yield waiting.popleft()[-1].result()


def _enter(item: Item, lanes: list[tuple[ThreadPoolExecutor, Callable[[Item], Item]]]) -> list[Future[Item]]:
    futures: list[Future[Item]] = []
    for pool, work in lanes:
        before = futures[-1] if futures else None
        futures.append(pool.submit(_after, before, item, work))
    return futures


def _after(before: Future[Item] | None, item: Item, work: Callable[[Item], Item]) -> Item:
    return work(item if before is None else before.result())


@dataclass(slots=True)
class _Parcel:
    """A contribution on its way."""

    source: Source
    buffer: bytearray | None = None
    delta: AdapterDelta | None = None


def opened(sources: Iterable[Source], budget: int, *, clock: Clock | None = None) -> Iterator[AdapterDelta]:
    """Whole contributions, verified and opened while the one before is worked on.

    A delta's tensors are good until the next one is asked for; then its source is closed.

    Args:
        sources: in the order wanted. budget: bytes of buffers for what is open at once; one is open in any case.
    """
    buffers = Buffers(budget)

    def verify(parcel: _Parcel) -> _Parcel:
        parcel.source.verify()
        return parcel

    def open_(parcel: _Parcel) -> _Parcel:
        parcel.buffer = buffers.take(parcel.source.room) if parcel.source.room else None
        parcel.delta = parcel.source.whole(memoryview(parcel.buffer) if parcel.buffer is not None else None)
        return parcel

    stages = {"verify": verify, "open": open_}
    # verifying needs no memory, so it may be further ahead: a stage that is held up then holds up nobody else
    with closing(staged(map(_Parcel, sources), stages, ahead=4, clock=clock, wake=buffers.close)) as parcels:
        for parcel in parcels:
            assert parcel.delta is not None
            yield parcel.delta
            if parcel.buffer is not None:
                buffers.give(parcel.buffer)
            parcel.source.close()
