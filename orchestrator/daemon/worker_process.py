"""One running worker: how it is started, what it takes, and how it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

import psutil

from orchestrator.daemon.worker_settings import WorkerSettings
from orchestrator.worker.limits import alive, memory_of, tree
from orchestrator.worker.wire import Channel

MODULE = "orchestrator.worker"
MOST_WORDS, MOST_BYTES = 16 << 20, (1 << 30) + (1 << 20)
"""Of what a worker says: verdicts, and a delta that others would still read (``contribution.Limits``)."""
LEAVING_SECONDS = 2.0
"""A worker whose daemon hangs up may take so long to end by itself."""


class WorkerProcess:
    """A worker that was just started. The socket pair is its standard input; its words to nobody go to stderr.

    Args:
        begin: what it is told first. device: as the experiment names it.
    """

    def __init__(self, settings: WorkerSettings, begin: Mapping[str, Any], device: str, threads: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                command(settings, device, threads),
                stdin=theirs.fileno(),
                stdout=2,
                env={**os.environ, "OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false"},
                start_new_session=True,  # a Ctrl-C for the daemon is none for the worker
            )
        threading.Thread(target=self._process.wait, name="reaper", daemon=True).start()
        self._seen: list[psutil.Process] = []
        self.dismissed = False
        """Whether it was ended on purpose."""
        self.channel = Channel(ours, most_words=MOST_WORDS, most_bytes=MOST_BYTES)
        self.channel.send("begin", **begin)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def memory(self) -> int:
        """Resident bytes, of all its processes."""
        if self.running:
            self._seen = tree(self._process.pid)
        return memory_of(self._seen)

    def end(self, *, patience: float = 0.0) -> None:
        """Have it gone, with all that it started, when this returns."""
        self.dismissed = True
        if self.running:  # else its number may be another's by now
            self._seen = tree(self._process.pid)
        self.channel.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=patience)
        for process in self._seen:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self._process.wait()
        last = time.monotonic() + LEAVING_SECONDS
        while any(map(alive, self._seen)) and time.monotonic() < last:
            time.sleep(0.01)

    def ended_how(self) -> str:
        """In words, once the channel is closed from its side."""
        try:
            code = self._process.wait(timeout=LEAVING_SECONDS)
        except subprocess.TimeoutExpired:
            return "without a word"
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"


def command(settings: WorkerSettings, device: str, threads: int) -> list[str]:
    """The command line of a worker."""
    python = [sys.executable, *(["-B"] if sys.flags.dont_write_bytecode else [])]
    own = ["-m", MODULE, "--device", device]
    if settings.processes == 1:
        return [*python, *own]
    fixed = {"num_processes": settings.processes, "num_cpu_threads_per_process": threads, "main_process_port": 0}
    usual = {**fixed, "num_machines": 1, "mixed_precision": "no", "dynamo_backend": "no"}
    given = [f"--{name}={value}" for name, value in usual.items() if not _names(settings.launch, name)]
    return [*python, "-m", "accelerate.commands.launch", "--multi_gpu", *given, *settings.launch, *own]


def _names(options: tuple[str, ...], name: str) -> bool:
    return any(option.lstrip("-").replace("-", "_").partition("=")[0] == name for option in options)
