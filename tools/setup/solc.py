"""The folder that py-solc-x looks into: a native solc if one is installed, else the launcher of the wasm build."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tools.setup.paths import ROOT, cache_dir, link_atomic

VERSION = "0.8.30"
COMMIT = "+commit.73712a01"
LAUNCHER = ROOT / "tools" / "solc" / "solc"


def solcx_folder() -> Path:
    """What SOLCX_BINARY_PATH must name."""
    return cache_dir() / "solcx"


def native_candidates() -> list[Path]:
    """Where py-solc-x, other tools and the system keep a native solc of this version."""
    home = Path.home()
    found = [home / ".solcx" / f"solc-v{VERSION}", home / ".svm" / VERSION / f"solc-{VERSION}"]
    if folder := os.environ.get("SOLCX_BINARY_PATH"):
        found.insert(0, Path(folder) / f"solc-v{VERSION}")
    if on_path := shutil.which("solc"):
        found.append(Path(on_path))
    return found


def is_native(path: Path) -> bool:
    """Whether `path` is an executable of exactly the pinned compiler, and not our own launcher."""
    if not os.access(path, os.X_OK) or path.resolve() == LAUNCHER:
        return False
    done = subprocess.run([path, "--version"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return f"{VERSION}{COMMIT}" in done.stdout and "Emscripten" not in done.stdout


def link_solc() -> Path:
    """Point `solc-v0.8.30` at the compiler to use and return what it points at."""
    link = solcx_folder() / f"solc-v{VERSION}"
    if link.is_symlink() and link.exists():
        return link.resolve()
    target = next((path.resolve() for path in native_candidates() if is_native(path)), LAUNCHER)
    link_atomic(link, target)
    return target
