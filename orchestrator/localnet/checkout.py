"""Find the checkout and the node programs that `make setup` put there."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

import orchestrator
from orchestrator.errors import EnvironmentMissing

MARK = Path("tools", "ipfs", "node.mjs")


def find_checkout() -> Path:
    """The checkout that this package is installed from, else the one around the working directory.

    Raises:
        EnvironmentMissing: there is none, as with an installed wheel.
    """
    package = Path(orchestrator.__file__).resolve().parent.parent
    here = Path.cwd()
    for folder in (package, here, *here.parents):
        if (folder / MARK).is_file():
            return folder
    raise EnvironmentMissing(
        "local networks need a checkout of LoRAnchor, and this package is installed without one",
        mend="clone the repository, run `make setup` and work from there",
    )


def node_module(*parts: str) -> Path:
    """A file of an installed node package.

    Raises:
        EnvironmentMissing: node_modules lacks it.
    """
    path = find_checkout().joinpath("node_modules", *parts)
    if not path.exists():
        raise EnvironmentMissing(f"node_modules/{'/'.join(parts)} is missing", mend="run `make setup`")
    return path


def node_program() -> str:
    """Raises:
    EnvironmentMissing: no Node.js on PATH.
    """
    found = shutil.which("node")
    if found is None:
        raise EnvironmentMissing("node is not on PATH", mend="install Node.js 20 or newer")
    return found


def anvil_command() -> list[str]:
    """The native Anvil itself: behind its Node.js launcher, signals would reach the launcher only."""
    system = {"linux": "linux", "darwin": "darwin"}.get(sys.platform, sys.platform)
    machine = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), platform.machine())
    return [str(node_module("@foundry-rs", f"anvil-{system}-{machine}", "bin", "anvil"))]


def ganache_command() -> list[str]:
    return [node_program(), str(node_module("ganache", "dist", "node", "cli.js"))]


def js_ipfs_command() -> list[str]:
    node_module("ipfs-core")
    return [node_program(), "--no-warnings", str(find_checkout() / MARK)]


def kubo_program() -> str | None:
    """An `ipfs` on PATH, unless LORANCHOR_IPFS=js asks for the bundled node."""
    return None if os.environ.get("LORANCHOR_IPFS") == "js" else shutil.which("ipfs")
