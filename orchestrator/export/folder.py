"""A folder that appears whole: written beside its place under another name, which also is where it goes on."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestrator.aggregation.shards import INDEX, PROGRESS, RECORD
from orchestrator.errors import ConfigurationError, LoranchorError
from orchestrator.export.record import Identity, changed_files, is_same, read_record
from orchestrator.files import write_json

_FULL = (errno.ENOSPC, errno.EDQUOT)

MARK = ".loranchor-draft.json"
WORK = ".work"
"""In a draft: ciphertexts and whatever else is gone in the end."""


def is_there(out: Path, identity: Identity) -> bool:
    """Whether ``out`` holds this very export already.

    Raises:
        ConfigurationError: it is a file, or a folder with something else in it, or with this export damaged.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise ConfigurationError(f"{out} is no folder", mend="give the path of a folder that is to be made")
    if not out.exists() or not any(out.iterdir()):
        return False
    found = read_record(out)
    if found is None or not is_same(found, identity):
        raise ConfigurationError(f"{out} is not empty, and holds no such export", mend="give another --output")
    damaged = changed_files(found, out)
    if damaged:
        raise ConfigurationError(
            f"{out} holds this export, but {damaged[0]} is not what its record says", mend="remove it and export again"
        )
    return True


def draft_of(out: Path) -> Path:
    """Where an export is written until it is whole."""
    return out.parent / f".{out.name}.loranchor-export"


@contextmanager
def drafted(out: Path, identity: Identity) -> Iterator[Path]:
    """A draft that takes its place when the block ends well.

    It is kept where a finished shard is in it, so that the same export goes on there, and else removed.

    Raises:
        ConfigurationError: it cannot be written, or another process writes it.
    """
    draft = draft_of(out)
    try:
        draft.mkdir(parents=True, exist_ok=True)
        with _locked(draft, out):
            _begin(draft, identity)
            try:
                yield draft
                _finish(draft, out)
            except BaseException as error:
                if isinstance(error, LoranchorError):  # what was fetched may be what is wrong: fetch it again
                    shutil.rmtree(draft / WORK, ignore_errors=True)
                if not any(draft.glob("*.safetensors")):
                    shutil.rmtree(draft, ignore_errors=True)
                raise
    except OSError as error:
        kept = f"; what is finished stays in {draft}" if draft.exists() else ""
        mend = "make room and give the same command again" if error.errno in _FULL else "give another --output"
        raise ConfigurationError(f"cannot write {out}: {error.strerror or error}{kept}", mend=mend) from error


@contextmanager
def _locked(draft: Path, out: Path) -> Iterator[None]:
    handle = os.open(draft, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"another process exports to {out}", mend="wait for it, or give another --output"
            ) from None
        yield
    finally:
        os.close(handle)


def _begin(draft: Path, identity: Identity) -> None:
    """Keep a draft of the same export; clear one of another. What has no mark is not ours."""
    wanted = identity.document()
    if any(draft.iterdir()):
        found = None
        with suppress(OSError, ValueError):
            found = json.loads((draft / MARK).read_text("utf-8"))
        if not isinstance(found, dict):
            raise ConfigurationError(f"{draft} is in the way", mend="remove it, or give another --output")
        _clear(draft, keep_shards=found == wanted and identity.kind == "merged", keep_work=found == wanted)
    write_json(draft / MARK, wanted)


def _clear(draft: Path, *, keep_shards: bool, keep_work: bool) -> None:
    """All but what the same export goes on with; half-written files never."""
    keep_shards = keep_shards and any((draft / name).is_file() for name in (PROGRESS, RECORD))
    for path in draft.iterdir():
        if path.is_dir():
            if not (keep_work and path.name == WORK):
                shutil.rmtree(path)
        elif not (keep_shards and (path.suffix == ".safetensors" or path.name in (PROGRESS, RECORD, INDEX))):
            path.unlink()


def _finish(draft: Path, out: Path) -> None:
    """The record of the fold stays behind: it has a digest of who contributed, which could be guessed from."""
    shutil.rmtree(draft / WORK, ignore_errors=True)
    (draft / RECORD).unlink(missing_ok=True)
    (draft / MARK).unlink()
    draft.chmod(0o755)
    draft.rename(out)  # over an empty folder, too
