"""What one daemon's process counts of itself: CPU seconds by what they go to, and what it says to the chains.

The product has no hook for this: its classes are wrapped here, in the process that is measured and nowhere else.
"""

from __future__ import annotations

import fcntl
import functools
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psutil
from web3._utils.http_session_manager import HTTPSessionManager

from orchestrator.daemon import node
from orchestrator.daemon.following import Following
from orchestrator.daemon.handlers import HANDLERS, Handler, Job
from orchestrator.daemon.services import Services
from orchestrator.protocol.effects import Effect
from orchestrator.protocol.state import NodeState

FOLLOWING, DECIDING = "following the chains", "deciding"


class Meters:
    """Counters of this process, from :meth:`install` on.

    Args:
        turn: a file that all daemons lock for estimates of gas.
    """

    def __init__(self, turn: Path) -> None:
        self._turn = turn
        self.cpu: defaultdict[str, float] = defaultdict(float)
        self.rpc: Counter[str] = Counter()
        self._lock = threading.Lock()

    def install(self) -> None:
        """Wrap what is measured. Once in a process."""
        HTTPSessionManager.make_post_request = self._posting(HTTPSessionManager.make_post_request)  # type: ignore[method-assign]
        Following.follow = self._timed(FOLLOWING, Following.follow)  # type: ignore[method-assign]
        Following.heads = self._timed(FOLLOWING, Following.heads)  # type: ignore[method-assign]
        for kind, handler in list(HANDLERS.items()):
            HANDLERS[kind] = self._handling(handler)
        node.transition = self._timed(DECIDING, node.transition)  # type: ignore[attr-defined]

    def snapshot(self, services: Services) -> dict[str, Any]:
        """All figures so far; bytes are those of objects on IPFS, requests those of the chains."""
        usage = {"private": services.private_sender.usage, "public": services.public_sender.usage}
        return {
            "time": time.time(),
            "cpu": time.process_time(),
            "rss": psutil.Process().memory_info().rss,
            "sent": services.store.bytes_sent,
            "received": services.store.bytes_received,
            "rpc": dict(self.rpc),
            "cpu by": dict(self.cpu),
            "transactions": {side: used.transactions for side, used in usage.items()},
            "gas": {side: used.gas_used for side, used in usage.items()},
        }

    def _posting(self, post: Callable[..., bytes]) -> Callable[..., bytes]:
        @functools.wraps(post)
        def counted(manager: Any, url: str, data: bytes, **options: Any) -> bytes:
            with self._one_estimate() if b'"eth_estimateGas"' in data else nullcontext():
                answer = post(manager, url, data, **options)
            with self._lock:
                self.rpc["requests"] += 1
                self.rpc["calls"] += data.count(b'"method"')
                self.rpc["bytes"] += len(data) + len(answer)
            return answer

        return counted

    @contextmanager
    def _one_estimate(self) -> Iterator[None]:
        """One at a time over all daemons: Ganache sometimes never answers one of several that it works at."""
        with self._turn.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(work)
        def timed(*arguments: Any, **named: Any) -> Any:
            begun = time.thread_time()
            try:
                return work(*arguments, **named)
            finally:
                with self._lock:
                    self.cpu[name] += time.thread_time() - begun

        return timed

    def _handling(self, handler: Handler) -> Handler:
        def handled(services: Services, state: NodeState, effect: Effect) -> Job | None:
            job = self._timed(effect.name, handler)(services, state, effect)
            return None if job is None else self._timed(effect.name, job)

        return handled


def keep(path: Path, figures: dict[str, Any]) -> None:
    """Add a line to a file of snapshots, at one go."""
    with path.open("a") as file:
        file.write(json.dumps(figures) + "\n")
