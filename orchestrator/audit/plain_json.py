"""JSON of unknown origin, without floats, without surprises."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import check_nesting

LONGEST_INTEGER = 80


def load_json(data: bytes) -> Any:
    """Plain JSON; FormatError for anything else, also for numbers and nesting that no honest file has."""
    check_nesting(data, "JSON")
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_once,
            parse_float=_refuse,
            parse_constant=_refuse,
            parse_int=_integer,
        )
    except ValueError as error:
        raise FormatError(f"it is not JSON: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FormatError("a key occurs twice in one object")
    return found


def _refuse(text: str) -> float:
    raise FormatError(f"the number {text[:40]} is not an integer")


def _integer(text: str) -> int:
    if len(text) > LONGEST_INTEGER:
        raise FormatError(f"the integer {text[:40]}… is too long")
    return int(text)
