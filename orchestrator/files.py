"""Files that are either whole or not there."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` so that a reader, or a crash, finds the old file or the new one and never a part.

    Raises:
        OSError: disk full, no permission; the old file is untouched then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)  # the draft, also after Ctrl-C: it may hold a secret


def write_json(path: Path, document: object, *, mode: int = 0o644) -> None:
    """:func:`write_atomic` of indented JSON, keys in the order given."""
    write_atomic(path, (json.dumps(document, indent=2) + "\n").encode(), mode=mode)
