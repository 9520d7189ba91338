"""Start processes that outlive us, recognise them later, and stop them and nothing else."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from orchestrator.errors import EnvironmentMissing

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class ProcessId:
    """A process for all time: numbers are used again, a number with its start is not.

    Attributes:
        pid: process number; also the number of its process group, which it leads.
        started: on Linux the boot's id and the clock ticks from boot to start, elsewhere the start in seconds.
    """

    pid: int
    started: str


def identify(pid: int) -> ProcessId | None:
    """The identity of a running process; None if there is none, or only its unreaped remains."""
    try:
        if sys.platform == "linux":
            # psutil derives the start from the wall clock, which may be set; ticks since boot do not move
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            return None if fields[0] == "Z" else ProcessId(pid, f"{boot}:{fields[19]}")
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return ProcessId(pid, f"{process.create_time():.2f}")
    except (FileNotFoundError, ProcessLookupError, psutil.NoSuchProcess):
        return None


def is_alive(process: ProcessId) -> bool:
    """Whether this very process still runs. Reaps it if it was our child and has ended."""
    with suppress(ChildProcessError):  # another process's child: its parent or init reaps it
        os.waitpid(process.pid, os.WNOHANG)
    return identify(process.pid) == process


def spawn(command: Sequence[str], log: Path, env: Mapping[str, str], *, keep_output: bool = True) -> ProcessId:
    """Start `command` in a session of its own, what it prints appended to `log`.

    Args:
        keep_output: False keeps only the error stream.

    Raises:
        EnvironmentMissing: the program cannot be executed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, str(log), flags, 0o600),
        (os.POSIX_SPAWN_DUP2, 2, 1) if keep_output else (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    ]
    try:
        pid = os.posix_spawn(command[0], list(command), env, file_actions=actions, setsid=True, setsigmask=[])
    except OSError as error:
        raise EnvironmentMissing(
            f"{command[0]} cannot be started ({error.strerror})", mend="run `make setup`"
        ) from error
    return identify(pid) or ProcessId(pid, "ended")


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM for a moment: between starting a process and noting it down."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def stop(processes: Iterable[ProcessId], *, grace: float = 15.0) -> None:
    """Ask all to end, wait up to `grace` seconds in all, then kill what is left, children included."""
    left = [process for process in processes if is_alive(process)]
    for process in left:
        _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while left and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        left = [process for process in left if is_alive(process)]
    for process in left:
        _signal_group(process, signal.SIGKILL)
    while any(is_alive(process) for process in left):
        time.sleep(POLL_SECONDS)


def wait_until(ready: Callable[[], bool], process: ProcessId, seconds: float) -> bool:
    """Poll `ready` until it holds. False if the process ended or the time was up before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and is_alive(process):
        if ready():
            return True
        time.sleep(POLL_SECONDS)
    return False


def _signal_group(process: ProcessId, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it ended by itself in the meantime
        os.killpg(process.pid, number)
