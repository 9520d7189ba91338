"""What a worker may take of its machine. Imports nothing of torch."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterable
from pathlib import Path

import psutil

MIB = 1 << 20
SHARE = 0.75
"""Of the machine's memory, where the settings name no limit."""
FIRST_TO_GO = "800"
"""For the kernel: when memory ends, the worker goes before the daemon that starts it again."""
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def machine_memory() -> int:
    """Bytes that this machine, or the container around us, has."""
    total = int(psutil.virtual_memory().total)
    try:
        return min(total, int(_CGROUP.read_text()))
    except (OSError, ValueError):  # no such file, or "max"
        return total


def memory_of(processes: Iterable[psutil.Process]) -> int:
    """Resident bytes of processes, of those that are still there."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total


def tree(pid: int) -> list[psutil.Process]:
    """A process and all that it started, children first."""
    try:
        top = psutil.Process(pid)
        return [*reversed(top.children(recursive=True)), top]
    except psutil.Error:
        return []


def alive(process: psutil.Process) -> bool:
    """Whether a process still runs: not whether somebody has asked yet how it ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def bound_oneself(memory: int) -> None:
    """Have the kernel refuse what is far beyond the limit, between two looks of the daemon, and spare the daemon."""
    wanted, (_, hard) = memory + memory // 2, resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    with contextlib.suppress(OSError):  # not everywhere may one give oneself up
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)
