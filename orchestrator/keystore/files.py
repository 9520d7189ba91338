"""Private files: 0600, whole or not there, and overwritten before they are removed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from orchestrator.errors import KeystoreError
from orchestrator.files import write_atomic


def write_private(path: Path, document: dict[str, Any]) -> None:
    """Write JSON that only its owner can read; on return it is on disk under its name.

    Raises:
        KeystoreError: it cannot be written; an older file is untouched.
    """
    try:
        write_atomic(path, (json.dumps(document, indent=2) + "\n").encode(), mode=0o600)
        sync_folder(path.parent)
    except OSError as error:
        raise KeystoreError(f"cannot write {path}: {error.strerror}") from error


def read_document(path: Path, *, format: str | None = None) -> dict[str, Any]:
    """Read JSON of the keystore.

    Raises:
        KeystoreError: missing, unreadable, damaged, or of another format or version.
    """
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise KeystoreError(
            f"the keystore lacks {path}", mend="put the file back from where it was copied to"
        ) from error
    except OSError as error:
        raise KeystoreError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise KeystoreError(f"{path} is damaged: not JSON", mend="put an undamaged copy back") from error
    if not isinstance(document, dict):
        raise KeystoreError(f"{path} is damaged: not a JSON object", mend="put an undamaged copy back")
    if format is not None and (document.get("format"), document.get("version")) != (format, 1):
        raise KeystoreError(f"{path} is not {format} version 1", mend="is it of a newer release?")
    return document


def destroy(path: Path) -> None:
    """Overwrite a file, bring that to the disk and remove it. Nothing happens if there is none.

    On flash and on copy-on-write file systems the old blocks may outlive this: docs/formats/keystore.md.
    """
    try:
        with path.open("r+b") as file:
            size = os.fstat(file.fileno()).st_size
            file.write(os.urandom(size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        sync_folder(path.parent)
    except FileNotFoundError:
        return
    except OSError as error:
        raise KeystoreError(f"cannot destroy {path}: {error.strerror}") from error


def sync_folder(folder: Path) -> None:
    """Bring creations, renames and removals in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
