"""The kernels of the fold, on one fixed grid of tiles.

Each tile is computed by one thread with single-threaded operations, so the bits depend on the tile's numbers alone: not
on how many threads there were, which one was first, or what lay in memory. On a GPU the same code runs with one worker,
and the device's own parallelism does the rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TypeVar

import torch
from torch import Tensor

from orchestrator.aggregation.strategy import Product

TILE_ROWS = 256
"""Rows of a matrix in one tile: part of the fold's version, since a product's bits depend on its shape."""
TILE_NUMBERS = 1 << 19
"""Numbers in a tile of a dense sum: 2 MiB, which a core's cache still holds while all updates pass. Smaller ones cost
more in handing them out, larger ones fall out of the cache. No bit depends on it: each number has its own sum."""

_ZERO = torch.zeros(())
Made = TypeVar("Made")


def row_tiles(rows: int) -> list[tuple[int, int]]:
    """(start, end) of each tile of a matrix."""
    return [(start, min(start + TILE_ROWS, rows)) for start in range(0, rows, TILE_ROWS)]


def flat_tiles(numbers: int) -> list[tuple[int, int]]:
    """(start, end) of each tile of a dense sum."""
    return [(start, min(start + TILE_NUMBERS, numbers)) for start in range(0, numbers, TILE_NUMBERS)]


def add_tile(total: Tensor, product: Product, start: int, end: int) -> None:
    """``total += left[start:end] @ right``."""
    total.addmm_(product.left[start:end], product.right)


def add_scaled(total: Tensor, part: Tensor, factor: float) -> None:
    """``total += factor · part``, in fp32 whatever ``part`` is kept in."""
    total.add_(part.to(device=total.device, dtype=torch.float32), alpha=factor)


def set_scaled(total: Tensor, part: Tensor, factor: float) -> None:
    """``total = 0 + factor · part``: the bits of zeros and :func:`add_scaled`, in one pass."""
    torch.add(_ZERO, part.to(device=total.device, dtype=torch.float32), alpha=factor, out=total)


@contextmanager
def exact_products() -> Iterator[None]:
    """Products in full fp32: no TF32 on a GPU, whatever the process chose for training; and no gradients."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.no_grad():
            yield
    finally:
        torch.set_float32_matmul_precision(before)


def one_thread() -> None:
    """Torch's operations on one thread, here and in threads that start from now on: LAPACK's bits depend on it."""
    torch.set_num_threads(1)


class Workers:
    """Threads that compute tiles. Within it torch's own operations run on one thread each.

    Args:
        threads: how many; None for as many as torch was told to use. On a GPU there is one.
    """

    def __init__(self, threads: int | None = None, device: torch.device | None = None) -> None:
        on_gpu = device is not None and device.type != "cpu"
        self.threads = 1 if on_gpu else threads or torch.get_num_threads()
        self._stack = ExitStack()
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Workers:
        self._stack.callback(torch.set_num_threads, torch.get_num_threads())
        one_thread()
        self._stack.enter_context(exact_products())
        if self.threads > 1:
            pool = ThreadPoolExecutor(self.threads, thread_name_prefix="fold", initializer=one_thread)
            self._pool = self._stack.enter_context(pool)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def run(self, tasks: Sequence[Callable[[], object]]) -> None:
        """Do all tasks, in any order; an error is raised when all that had started are done.

        The calling thread only waits: the threads begin together, each on a core of its own, where a caller that works
        too has been seen to share its core with the thread that it woke for as long as a fold of eight updates takes.
        """
        shared = iter(tasks)  # the next task is taken under the interpreter's lock

        def drain() -> None:
            try:
                for task in shared:
                    task()
            finally:
                deque(shared, maxlen=0)  # after an error nobody begins another

        if self._pool is None:
            drain()
            return
        futures = [self._pool.submit(_without_gradients, drain) for _ in range(min(self.threads, len(tasks)))]
        wait(futures)
        for future in futures:
            future.result()

    def ordered(self, tasks: Iterable[Callable[[], Made]], ahead: int | None = None) -> Iterator[Made]:
        """Results in the order of the tasks, with at most ``ahead`` of them made and not taken yet."""
        if self._pool is None:
            yield from (task() for task in tasks)
            return
        ahead = ahead or 2 * self.threads
        waiting: deque[Future[Made]] = deque()
        try:
            for task in tasks:
                waiting.append(self._pool.submit(_without_gradients, task))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _without_gradients(task: Callable[[], Made]) -> Made:
    with torch.no_grad():  # a thread's own setting
        return task()
