"""What is expensive and the same for many cells: made once, kept under the digest of all that decides it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.harness.machine import code_digest
from benchmarks.harness.runner import RUNS
from orchestrator.files import write_json
from tools.setup.paths import ROOT

FOLDER = ROOT / RUNS / "unlearning"


def key_of(about: Mapping[str, Any]) -> str:
    """Hexadecimal digest of a configuration."""
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


@cache
def digest_of(sources: tuple[str, ...]) -> str:
    """Of source files, as they were when the process first asked: one run does not change its mind."""
    return code_digest(ROOT, sources)


def kept_json(kind: str, about: Mapping[str, Any], make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """A small JSON object: read where it is there, made and written where it is not."""
    path = FOLDER / kind / f"{key_of(about)}.json"
    with _alone(path):
        if not path.is_file():
            write_json(path, {**make()})
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def kept_folder(kind: str, about: Mapping[str, Any], make: Callable[[Path], None]) -> Path:
    """A folder of files; it appears whole or not at all.

    Args:
        make: fills an empty folder.
    """
    path = FOLDER / kind / key_of(about)
    with _alone(path):
        if not path.is_dir():
            draft = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
            try:
                make(draft)
                draft.rename(path)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    return path


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Another process that wants the same waits until it is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path.parent / f".{path.name}.lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
