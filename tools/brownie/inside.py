"""Brownie itself, run by its own environment's Python: what has to be mended before it starts.

- A `brownie test` ends with the command that started it, which also runs its chain (Linux; see `PR_SET_PDEATHSIG` in
  prctl(2)). Other commands replace that command's process, so there is nothing to outlive.
- One process at a time compiles in a checkout; a second one waits for it.
- Brownie compiles a file again when that file or a contract it inherits from has changed. It misses a changed file that
  holds only types, and a changed compiler setting, so that its artifacts carry the metadata hash of other sources:
  whenever any source or setting differs from those of the last whole compile, everything is compiled again.
- Ctrl-C is an end, not a traceback.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PARENT = "LORANCHOR_BROWNIE_PARENT"
PR_SET_PDEATHSIG = 1
sys.path[0] = str(ROOT)  # this folder's own modules must not be found in place of others

from tools.setup.paths import digest_of, is_current, write_stamp  # noqa: E402

BUILD = ROOT / "build"
STAMP = BUILD / ".brownie-sources"


def end_with(parent: int) -> None:
    """Be killed when `parent` ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        sys.exit(1)


def sources_digest() -> str:
    """Over the settings and every contract, with its path."""
    sources = sorted((ROOT / "contracts").rglob("*.sol"))
    parts: list[Path | str] = [ROOT / "brownie-config.yaml", ROOT / "package-lock.json"]
    for path in sources:
        parts += [path.relative_to(ROOT).as_posix(), path]
    return digest_of(*parts)


@contextmanager
def alone() -> Iterator[None]:
    """The only process that compiles in this checkout; the lock ends with the process."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".brownie-lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another brownie in this checkout to compile ...", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def load_whole(load: Any) -> Any:
    """Brownie's `project.load`, which compiles all or nothing."""

    def wrapped(*arguments: Any, **named: Any) -> Any:
        with alone():
            digest = sources_digest()
            if not is_current(STAMP, digest):
                STAMP.unlink(missing_ok=True)
                shutil.rmtree(BUILD / "contracts", ignore_errors=True)
            loaded = load(*arguments, **named)
            write_stamp(STAMP, digest)
            return loaded

    return wrapped


def main() -> int:
    if parent := os.environ.pop(PARENT, None):
        end_with(int(parent))
    from brownie import project
    from brownie._cli.__main__ import main as brownie

    project.load = load_whole(project.load)
    brownie()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("brownie: interrupted", file=sys.stderr)
        sys.exit(130)
