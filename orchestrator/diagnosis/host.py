"""Checks of this machine: Python, packages, disk."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path

from orchestrator import __version__
from orchestrator.diagnosis.finding import Check

EXTRAS = {"train": "torch", "daemon": "aiohttp", "audit": "matplotlib", "contracts": "brownie"}
_DISTRIBUTION = {"brownie": "eth-brownie"}
_LEAST_DISK = 2 * 1024**3


def host() -> Iterator[Check]:
    """Versions, and which extras are installed."""
    yield Check("python", "ok", f"{platform.python_version()}; loranchor {__version__}")
    for extra, package in EXTRAS.items():
        if package == "brownie" and util.find_spec(package) is None and (own := _command(package)):
            yield Check(f"extra {extra}", "ok", f"{package} has an environment of its own, behind {own}")
        elif util.find_spec(package) is None:
            yield Check(f"extra {extra}", "absent", f"{package} is not installed", f"pip install 'loranchor[{extra}]'")
        else:
            yield Check(f"extra {extra}", "ok", f"{package} {metadata.version(_DISTRIBUTION.get(package, package))}")


def _command(name: str) -> str | None:
    """A command beside this Python, where `make setup` links it, or on PATH."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def disk(home: Path | None) -> Check:
    """Room where the organisation keeps its data, or in the working directory."""
    folder = home if home is not None and home.is_dir() else Path.cwd()
    free = shutil.disk_usage(folder).free
    found = f"{free / 1024**3:.1f} GiB free in {folder}"
    return Check("disk", "ok", found) if free >= _LEAST_DISK else Check("disk", "warning", found, "make room")
