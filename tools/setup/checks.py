"""What must be on the machine before anything is installed, told in one line."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys

from tools.setup.paths import SetupError

PYTHON = (3, 11)
NODE = 20


def node_major(version_text: str) -> int | None:
    """The major number in what `node --version` prints, such as 20 in `v20.20.2`; None if it is no version."""
    found = re.match(r"v?(\d+)\.\d+", version_text.strip())
    return int(found[1]) if found else None


def missing(python: tuple[int, ...], has_venv: bool, node: str | None, npm: str | None) -> list[str]:
    """Each prerequisite that is absent or too old, as a phrase.

    Args:
        python: version of the interpreter that runs the set-up.
        has_venv: whether the modules venv and ensurepip are installed.
        node: what `node --version` printed, None without Node.js.
        npm: path of npm, None without it.
    """
    found = []
    if python < PYTHON:
        found.append(f"Python {PYTHON[0]}.{PYTHON[1]} or newer (this is {python[0]}.{python[1]}; set PYTHON=…)")
    if not has_venv:
        found.append("Python's venv module (Debian: python3-venv)")
    if node is None:
        found.append(f"Node.js {NODE} or newer")
    elif (node_major(node) or 0) < NODE:
        found.append(f"Node.js {NODE} or newer (found {node.strip()})")
    if npm is None:
        found.append("npm")
    return found


def check_machine() -> None:
    """Raises:
    SetupError: something is missing; the message lists all of it.
    """
    node_path = shutil.which("node")
    node = subprocess.run([node_path, "--version"], capture_output=True, text=True).stdout if node_path else None
    has_venv = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
    lacking = missing(sys.version_info[:2], has_venv, node, shutil.which("npm"))
    if lacking:
        raise SetupError(f"missing: {', '.join(lacking)}; install it and run `make setup` again")
