"""Checks of this machine: Python, packages, disk."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path

from orchestrator import __version__
from orchestrator.diagnosis.finding import Check

EXTRAS = {"train": "torch", "daemon": "fastapi", "plots": "matplotlib", "contracts": "brownie"}
_DISTRIBUTION = {"brownie": "eth-brownie"}
_GIB = 1024**3
_LEAST_DISK, _NO_DISK = 2 * _GIB, _GIB // 5
_PATIENCE = 60
"""Seconds for another environment's command to say its version."""


def host() -> Iterator[Check]:
    """Versions, and which extras are installed."""
    yield Check("python", "ok", f"{platform.python_version()}; loranchor {__version__}")
    for extra, package in EXTRAS.items():
        if util.find_spec(package) is not None:
            yield Check(f"extra {extra}", "ok", f"{package} {metadata.version(_DISTRIBUTION.get(package, package))}")
        elif package == "brownie" and (own := _command(package)):
            yield _elsewhere(extra, package, own)
        else:
            yield Check(f"extra {extra}", "absent", f"{package} is not installed", f"pip install 'loranchor[{extra}]'")


def _command(name: str) -> str | None:
    """A command beside this Python, where `make setup` links it, or on PATH."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def _elsewhere(extra: str, package: str, command: str) -> Check:
    """A package that has an environment of its own: the command is asked, since the environment may be gone."""
    try:
        done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return Check(f"extra {extra}", "warning", f"{command} does not run: {error}", "run `make setup`")
    if done.returncode:
        words = (done.stderr.strip() or f"it ended with {done.returncode}").splitlines()[-1]
        return Check(f"extra {extra}", "warning", f"{command} does not run: {words}", "run `make setup`")
    told = (done.stdout.strip() or package).splitlines()[0].split(" - ")[0]
    return Check(f"extra {extra}", "ok", f"{told} in an environment of its own, behind {command}")


def disk(home: Path | None) -> Check:
    """Room where the organisation keeps its data, or in the working directory."""
    folder = home if home is not None and home.is_dir() else Path.cwd()
    usage = shutil.disk_usage(folder)
    found = f"{usage.free / _GIB:.1f} GiB free in {folder}"
    if usage.free < _NO_DISK:
        return Check("disk", "broken", found, "make room: a daemon without any stops acting, and misses deadlines")
    mend = "make room; an update and what is folded from it take some hundred MB"
    return Check("disk", "ok", found) if usage.free >= _LEAST_DISK else Check("disk", "warning", found, mend)
