"""Where the set-up puts things, and the stamps that make a second run do nothing."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_CONTRACTS = ROOT / ".venv-contracts"
VENV_ANALYSIS = ROOT / ".venv-analysis"
NODE_MODULES = ROOT / "node_modules"


class SetupError(Exception):
    """The set-up cannot go on; the message is one line that says what to do."""


def cache_dir() -> Path:
    """The folder for everything fetched or generated: `.cache`, or what LORANCHOR_CACHE names."""
    return Path(os.environ.get("LORANCHOR_CACHE") or ROOT / ".cache").expanduser().resolve()


def digest_of(*parts: Path | str) -> str:
    """SHA-256 (hex) over files' bytes and plain strings, each with its length, in order."""
    total = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part.encode()
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def is_current(stamp: Path, digest: str) -> bool:
    return stamp.is_file() and stamp.read_text().strip() == digest


def write_stamp(stamp: Path, digest: str) -> None:
    write_atomic(stamp, digest + "\n")


def write_atomic(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write through a sibling file, so that a crash leaves the old content or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.chmod(mode)
    draft.replace(path)


def link_atomic(link: Path, target: Path) -> None:
    """Make `link` a symbolic link to `target`, replacing whatever file or link was there."""
    if link.is_symlink() and link.readlink() == target:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)
