"""`make lock`: write the lock files from the environments as they are, names and exact versions only."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tools.setup.environments import LOCKS, python_of
from tools.setup.paths import VENV, VENV_ANALYSIS, VENV_CONTRACTS, write_atomic

OURS = "loranchor"
BUILD_TOOLS = ("setuptools", "wheel")
HEAD = "# Written by `make lock` from a working environment; {use}.\n"


def pins(freeze: str) -> list[str]:
    """`name==version` lines of `pip freeze` without local tags (`+cpu`), paths, addresses and ourselves."""
    found = []
    for line in freeze.splitlines():
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([^+\s]+)(\+\S+)?", line.strip())
        if match and match[1].lower() not in (OURS, "pip"):
            found.append(f"{match[1]}=={match[2]}")
    return sorted(found, key=str.lower)


def installed(venv: Path) -> list[str]:
    freeze = subprocess.run(
        [python_of(venv), "-m", "pip", "freeze", "--all"], capture_output=True, text=True, check=True
    ).stdout
    return pins(freeze)


def write_analysis_lock(venv: Path, lock: Path) -> None:
    """The analysis environment has no build tools of its own: those that `venv` brings are left out."""
    found = [pin for pin in installed(venv) if pin.split("==")[0].lower() not in BUILD_TOOLS]
    write_atomic(lock, HEAD.format(use="installed with --no-deps, so nothing else comes") + "\n".join(found) + "\n")


def write_locks(venv: Path, build_lock: Path, lock: Path) -> None:
    found = installed(venv)
    build = [pin for pin in found if pin.split("==")[0].lower() in BUILD_TOOLS]
    rest = [pin for pin in found if pin not in build]
    write_atomic(build_lock, HEAD.format(use="installed first, to build what has no wheel") + "\n".join(build) + "\n")
    write_atomic(lock, HEAD.format(use="installed with --no-deps, so nothing else comes") + "\n".join(rest) + "\n")


if __name__ == "__main__":
    write_locks(VENV, LOCKS / "build.lock", LOCKS / "loranchor.lock")
    write_locks(VENV_CONTRACTS, LOCKS / "contracts-build.lock", LOCKS / "contracts.lock")
    if python_of(VENV_ANALYSIS).exists():  # it is made only by the targets that need it
        write_analysis_lock(VENV_ANALYSIS, LOCKS / "analysis.lock")
