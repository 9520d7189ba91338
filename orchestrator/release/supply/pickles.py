"""What a pickle would call, told without running it: so that whoever is warned knows what was meant for them.

It is refused whatever it would call. picklescan takes it apart (https://github.com/mmaitre314/picklescan).
"""

from __future__ import annotations

import io
import logging
import zipfile
import zlib
from typing import IO

from picklescan.scanner import scan_pickle_bytes

MOST = 1 << 20
"""Bytes that are looked into: each may become a Python object meanwhile."""

logging.getLogger("picklescan").addHandler(logging.NullHandler())  # it would write to standard error by itself


def calls_of(file: IO[bytes]) -> str:
    """Half a sentence on what a pickle, or a zip archive with one, imports; "" where nothing is found."""
    file.seek(0)
    data = file.read(MOST)
    if data.startswith(b"PK"):
        file.seek(0)
        data = _packed(file)
    if not data:
        return ""
    try:
        found = scan_pickle_bytes(io.BytesIO(data), "")
    except (ValueError, LookupError, TypeError, AttributeError):  # made to break what takes it apart
        return ", made so that it cannot be taken apart"
    calls = sorted({f"{item.module}.{item.name}" for item in found.globals})
    return f"; it would call {', '.join(calls[:3])}" if calls else ""


def _packed(file: IO[bytes]) -> bytes:
    """The beginning of the first pickle in an archive of torch.save."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.endswith(".pkl")]
            if not names:
                return b""
            with archive.open(names[0]) as member:
                return member.read(MOST)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, OSError, EOFError):
        return b""
