"""The machine and the versions that made the figures. No host name, no user, no path."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from orchestrator.errors import ConfigurationError
from orchestrator.types import Digest

SUFFIXES = {".py", ".sol", ".yaml", ".json", ".mjs", ".cjs"}


def machine() -> dict[str, Any]:
    """CPU, cores this process may use, memory, GPU or "none", system; and how busy it was just now."""
    return {
        "cpu": _cpu_model(),
        "cores": _cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "gpu": _gpus(),
        "os": _system(),
        "load": round(os.getloadavg()[0], 2),
    }


def machine_text(described: dict[str, Any]) -> str:
    """The machine in one line for tables and pages."""
    parts = [f"{described['cores']} cores ({described['cpu']})", f"{described['memory_gib']} GiB", described["os"]]
    gpu = described["gpu"]
    return ", ".join([*parts, "no GPU" if gpu == "none" else f"GPU {gpu}"])


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Installed versions of Python packages; "absent" for one that is not there."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


def code_digest(root: Path, sources: Sequence[str]) -> Digest:
    """SHA-256 over names and bytes of the source files in these files and folders of the checkout.

    Raises:
        ConfigurationError: one of them is not there, and so would not be noticed when it changes.
    """
    total = hashlib.sha256()
    for path in sorted({path for source in sources for path in _files(root, source)}):
        for part in (path.relative_to(root).as_posix().encode(), path.read_bytes()):
            total.update(len(part).to_bytes(8, "big") + part)
    return Digest("0x" + total.hexdigest())


def commit(root: Path) -> str:
    """The checkout's commit, with "+" where files differ from it; "unknown" outside of git."""
    done = _output("git", "-C", str(root), "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+")
    return done or "unknown"


def _files(root: Path, source: str) -> list[Path]:
    place = root / source
    found = [place] if place.is_file() else [path for path in place.rglob("*") if path.suffix in SUFFIXES]
    if not found:
        raise ConfigurationError(f"the benchmark names {source}, which has no source file")
    return found


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.is_file() else []:
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return " ".join(value.split())
    return platform.processor() or platform.machine()


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _gpus() -> str:
    listed = _output("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader")
    return ", ".join(listed.splitlines()) or "none"


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def _output(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done.stdout.strip() if done.returncode == 0 else ""
