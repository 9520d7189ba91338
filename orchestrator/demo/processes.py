"""The organisations' daemons as processes of their own: started, watched and stopped by the demo."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator.errors import LoranchorError

STOP_SECONDS = 20.0


class DaemonDied(LoranchorError):
    """A daemon of the demo ended before it was told to."""

    exit_code = 1


class Daemons:
    """A set of running ``loranchor daemon run`` processes, each in its own process group and with its own log.

    Use as a context manager: nothing is left running afterwards, also after Ctrl-C.
    """

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: dict[str, Path] = {}

    def __enter__(self) -> Daemons:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self, name: str, arguments: Sequence[str], log: Path, *, environment: Mapping[str, str]) -> None:
        """Start ``loranchor ARGUMENTS`` for the organisation ``name``; its output goes to ``log``."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "orchestrator", *arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **environment},
            )
        self._logs[name] = log

    def check(self) -> None:
        """Raise if one of them has ended.

        Raises:
            DaemonDied: names the organisation and shows the last line of its log.
        """
        for name, process in self._running.items():
            if process.poll() is not None:
                lines = self._logs[name].read_text(errors="replace").strip().splitlines()
                raise DaemonDied(
                    f"the daemon of {name} ended with code {process.returncode}: {lines[-1] if lines else 'no output'}",
                    mend=f"see {self._logs[name]}",
                )

    def stop(self) -> None:
        """End all: SIGTERM, and SIGKILL for whoever is still there after STOP_SECONDS."""
        for process in self._running.values():
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()
        self._running.clear()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)
