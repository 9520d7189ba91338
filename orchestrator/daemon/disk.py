"""Which errors are the own disk's: full, read-only or failing. They are nobody else's fault, and pass by themselves."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import DataError, DiskError

_NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG, errno.EACCES, errno.EPERM)
_SQLITE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
_PRIMARY = 0xFF
"""Extended codes of SQLite hold the primary one in their low byte."""

MEND = "make room on it, or make it writable: the daemon goes on by itself then"


def disk_fault(error: BaseException | None) -> DiskError | None:
    """The error as one of the own disk, if that is what it comes from; errors that others have wrapped are followed.

    Data that cannot be read are none: they lie wherever the organisation keeps them, and nothing is written there.
    """
    while error is not None and not isinstance(error, DataError):
        if isinstance(error, DiskError):
            return error
        if isinstance(error, OSError) and error.errno in _NUMBERS:
            place = f" ({error.filename})" if error.filename else ""
            return DiskError(f"the disk cannot be written: {error.strerror}{place}", mend=MEND)
        if isinstance(error, sqlite3.Error) and _code(error) in _SQLITE:
            return DiskError(f"the disk cannot be written: {error}", mend=MEND)
        error = error.__cause__
    return None


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raise what the own disk is to blame for as a DiskError, and leave all else as it is."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        fault = disk_fault(error)
        if fault is None:
            raise
        raise fault from error


def try_disk(folder: Path) -> None:
    """Write some kilobytes and remove them.

    Raises:
        DiskError: they could not be written.
    """
    path = folder / f".probe-{secrets.token_hex(4)}"
    with disk_errors():
        try:
            with path.open("wb") as file:
                file.write(bytes(1 << 16))
                file.flush()
                os.fsync(file.fileno())
        finally:
            path.unlink(missing_ok=True)


def _code(error: sqlite3.Error) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY
