"""Looks for bytes in every file below some folders: as they are, and as people and programs write them down.

Free pages and write-ahead logs of SQLite are bytes of files like others.
"""

from __future__ import annotations

import base64
import mmap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

WINDOW = 24
"""Bytes that do not come about by chance."""


def spellings(secret: bytes) -> Iterator[bytes]:
    """Raw, reversed, hexadecimal, and base64 whatever stands before it in the same text."""
    yield from (secret, secret[::-1], secret.hex().encode(), secret.hex().upper().encode())
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + secret + bytes(2))
        inner = whole[4 if shift else 0 : -4 - (4 if (shift + len(secret)) % 3 else 0)]
        yield from (inner, inner.replace(b"+", b"-").replace(b"/", b"_"))


def windows(data: bytes, *, start: int = 0, count: int = 200, unlike: Iterable[bytes] = ()) -> list[bytes]:
    """Pieces of a long secret, spread over it from ``start`` on. Dull ones, and those that others' bytes hold, too, are
    left out."""
    others, step = list(unlike), max((len(data) - start) // count, WINDOW)
    pieces = (data[place : place + WINDOW] for place in range(start, len(data) - WINDOW + 1, step))
    telling = (piece for piece in pieces if len(set(piece)) > WINDOW // 2)
    return [piece for piece in telling if not any(piece in other for other in others)]


def found(needles: Mapping[str, Iterable[bytes]], *folders: Path) -> list[str]:
    """``name in file`` for each name of which some needle is in some file."""
    listed = {name: tuple(items) for name, items in needles.items()}
    assert all(listed.values()) and all(map(len, (item for items in listed.values() for item in items)))
    hits = []
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            hits += [f"{name} in {path}" for name in _held(path, listed)]
    return hits


def _held(path: Path, needles: Mapping[str, tuple[bytes, ...]]) -> Iterator[str]:
    with path.open("rb") as file:
        if not path.stat().st_size:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for name, items in needles.items():
                if any(data.find(item) >= 0 for item in items):
                    yield name
