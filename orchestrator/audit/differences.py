"""Where two JSON documents differ, in words that name the place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.audit.plain_json import load_json
from orchestrator.audit.tally import shown
from orchestrator.errors import FormatError

MOST = 5


def difference(found: bytes, expected: bytes, *, lines: bool = False) -> str:
    """What is different in ``found``; both are JSON, or JSON lines."""
    if lines:
        return _by_line(found.split(b"\n"), expected.split(b"\n"))
    try:
        places = list(_places(load_json(found), load_json(expected), ""))
    except FormatError as error:
        return error.message
    return _sentence(places) or "the same content is written in another form than the canonical one"


def _by_line(found: list[bytes], expected: list[bytes]) -> str:
    for number, (ours, theirs) in enumerate(zip(expected, found, strict=False), start=1):
        if ours != theirs:
            return f"line {number}: {difference(theirs, ours) if ours and theirs else 'it ends or goes on here'}"
    return f"it has {len(found) - 1} lines, recomputed {len(expected) - 1}"


def _sentence(places: list[str]) -> str:
    more = f" and {len(places) - MOST} more" if len(places) > MOST else ""
    return "; ".join(places[:MOST]) + more


def _places(found: Any, expected: Any, place: str) -> Iterator[str]:
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in sorted(found.keys() | expected.keys()):
            inner = f"{place}.{key}" if place else str(key)
            if key not in found:
                yield f"{shown(inner)} is missing"
            elif key not in expected:
                yield f"{shown(inner)} does not belong there"
            else:
                yield from _places(found[key], expected[key], inner)
    elif isinstance(found, list) and isinstance(expected, list):
        for index, (theirs, ours) in enumerate(zip(found, expected, strict=False)):
            yield from _places(theirs, ours, f"{place}[{index}]")
        if len(found) != len(expected):
            yield f"{place} has {len(found)} entries, recomputed {len(expected)}"
    elif type(found) is not type(expected) or found != expected:
        yield f"{place or 'it'} is {shown(found)}, recomputed {shown(expected)}"
