"""Loopback ports: the former ones where they are still free, so that addresses stay the same."""

from __future__ import annotations

import random
import socket
from types import TracebackType

from orchestrator.errors import PortTaken

HOST = "127.0.0.1"
QUIET = range(20_000, 32_768)
"""Ports that the system gives to no outgoing connection, so that none takes one before its server listens."""
TRIES = 100
_DRAWN = random.SystemRandom()  # tests fix the seed of the common one, in several processes alike


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now. A connection's remains (TIME_WAIT) do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


class PortPicker:
    """Picks ports for several servers; holds each until the block ends, so that no two get the same one."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []
        self._picked: set[int] = set()

    def __enter__(self) -> PortPicker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for held in self._held:
            held.close()

    def pick(self, *, forced: int | None = None, former: int | None = None, option: str = "") -> int:
        """Args:
            forced: the port that the user asked for with `option`.
            former: the port of the last run.

        Raises:
            PortTaken: the forced port is in use.
        """
        if forced is not None:
            if forced in self._picked or not self._hold(forced):
                raise PortTaken(f"port {forced} is in use", mend=f"choose another with {option}, or leave it out")
            return forced
        if former is not None and former not in self._picked and self._hold(former):
            return former
        if not any(self._hold(port) for port in _DRAWN.sample(QUIET, TRIES) if port not in self._picked):
            self._hold(0)
        return int(self._held[-1].getsockname()[1])

    def _hold(self, port: int) -> bool:
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((HOST, port))
        except OSError:
            held.close()
            return False
        self._held.append(held)
        self._picked.add(int(held.getsockname()[1]))
        return True
