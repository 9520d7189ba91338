"""Files that members exchange: read with a bound, written whole, and never over another's."""

from __future__ import annotations

from pathlib import Path

from orchestrator.errors import ConfigurationError
from orchestrator.files import write_atomic


def read_bytes(path: Path, *, limit: int, mend: str = "") -> bytes:
    """At most one byte more than ``limit``, which the reader of the format then refuses.

    Raises:
        ConfigurationError: there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}", mend=mend) from error


def write_new(path: Path, data: bytes) -> Path:
    """Write a file unless it is there with these very bytes.

    Raises:
        ConfigurationError: it is there with other bytes, which may be evidence; or it cannot be written.
    """
    try:
        if path.exists():
            if path.read_bytes() != data:
                raise ConfigurationError(f"{path} exists and holds something else", mend="give another folder or name")
        else:
            write_atomic(path, data)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}", mend="give another folder") from error
    return path
