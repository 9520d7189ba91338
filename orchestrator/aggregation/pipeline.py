"""Items pass through stages that overlap, in order, and a clock that tells how long each stage was at work."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(slots=True)
class Clock:
    """Seconds that each stage was at work, waiting not counted; of all threads together."""

    seconds: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def time(self, stage: str, work: Callable[[], Made]) -> Made:
        start = time.perf_counter()
        try:
            return work()
        finally:
            with self._lock:
                self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start

    def timed(self, stage: str, work: Callable[[Item], Item]) -> Callable[[Item], Item]:
        """The same for every call of ``work``."""
        return lambda item: self.time(stage, partial(work, item))


def staged(
    items: Iterable[Item],
    stages: Mapping[str, Callable[[Item], Item]],
    *,
    ahead: int = 2,
    width: int = 1,
    prepare: Callable[[], None] | None = None,
    clock: Clock | None = None,
) -> Generator[Item, None, None]:
    """Items in order, each through all stages; a stage works on a later item while the next one has an earlier.

    Args:
        ahead: how many items may be on their way besides the one taken. width: threads of each stage.
        prepare: called in each of these threads first.

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
