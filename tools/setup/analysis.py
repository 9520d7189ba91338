"""The environment of the contracts' proof tools: slither, halmos with its solvers, and forge. Never made by set-up.

`python3 -m tools.setup.analysis`; it does nothing when everything is there.
"""

from __future__ import annotations

import fcntl
import shutil
import sys
from pathlib import Path

from tools.setup.command import exit_code, run_logged, step
from tools.setup.environments import LOCKS, create, pip_install
from tools.setup.paths import ROOT, VENV_ANALYSIS, cache_dir, digest_of, is_current, write_stamp

NODE_FILES = ROOT / "tools" / "analysis" / "node"
NODE = VENV_ANALYSIS / "node"


def bin_folders() -> list[Path]:
    """Where the tools' commands are."""
    return [VENV_ANALYSIS / "bin", NODE / "node_modules" / ".bin"]


def install_analysis() -> None:
    """Make the environment, or leave it as it is when it is current.

    Raises:
        SetupError: a step failed.
    """
    cache_dir().mkdir(parents=True, exist_ok=True)
    with (cache_dir() / "analysis.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install_python()
        _install_forge()


def _install_python() -> None:
    lock = LOCKS / "analysis.lock"
    digest = digest_of(lock, str(sys.version_info[:2]))
    stamp = VENV_ANALYSIS / ".loranchor-lock"
    if is_current(stamp, digest):
        return
    with step("analysis environment", "analysis"):
        create(VENV_ANALYSIS, "analysis")
        pip_install("analysis", VENV_ANALYSIS, "--no-deps", "-r", lock)
    write_stamp(stamp, digest)


def _install_forge() -> None:
    files = [NODE_FILES / name for name in ("package.json", "package-lock.json")]
    digest = digest_of(*files)
    stamp = NODE / ".loranchor-lock"
    if is_current(stamp, digest):
        return
    with step("forge", "forge"):
        NODE.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copyfile(file, NODE / file.name)
        run_logged("forge", ["npm", "ci", "--prefix", NODE, "--ignore-scripts", "--no-audit", "--no-fund"])
    write_stamp(stamp, digest)


if __name__ == "__main__":
    sys.exit(exit_code(install_analysis))
