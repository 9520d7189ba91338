"""The folder that an evaluation leaves: whole, or not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from orchestrator.errors import ConfigurationError, DiskError


def check_free(out: Path) -> None:
    """Before anything is measured.

    Raises:
        ConfigurationError: something is there, or nothing could be made there.
    """
    if out.is_symlink() or (out.exists() and not (out.is_dir() and not any(out.iterdir()))):
        raise ConfigurationError(f"{out} is there and is not an empty folder", mend="give another --output")
    parent = next(place for place in out.absolute().parents if place.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"{out} cannot be made: {parent} is no folder to write to", mend="give another --output"
        )


def write_folder(out: Path, files: Mapping[str, bytes]) -> None:
    """Write all files beside the folder's place, then put it there.

    Raises:
        DiskError: it cannot be written; nothing is left behind.
    """
    draft, out = None, out.absolute()  # "." has no name to put a draft beside
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        for name, data in files.items():
            with (draft / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        draft.chmod(0o755)
        draft.rename(out)
    except OSError as error:
        raise DiskError(
            f"cannot write {out}: {error.strerror or error}", mend="make room, or give another --output"
        ) from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
