"""Arguments of a call of which each takes one word, read without the ABI library: an audit reads one a record.

Only what the library reads to the same values is read here; anything else is left to it, with what it says of faults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Shape = tuple["str | Shape", ...]
"""Types of arguments; a struct is a shape in its place."""
_WORD = 32
_UINT = re.compile(r"uint([0-9]{1,3})")


def shape_of(components: Sequence[Mapping[str, Any]]) -> Shape | None:
    """The types, where each is an unsigned integer, a bool, an address, 32 bytes, or a struct of such; else None."""
    found: list[str | Shape] = []
    for part in components:
        type_ = str(part["type"])
        inner = shape_of(part["components"]) if type_ == "tuple" else type_
        if inner is None or (isinstance(inner, str) and not _reads(inner)):
            return None
        found.append(inner)
    return tuple(found)


def static_values(shape: Shape | None, data: bytes) -> list[Any] | None:
    """The values as eth_abi gives them, with addresses in lower case; None where it has to look itself."""
    if shape is None:
        return None
    words = (data[at : at + _WORD] for at in range(0, len(data), _WORD))
    try:
        return _values(shape, words)
    except ValueError:
        return None


def _values(shape: Shape, words: Iterator[bytes]) -> list[Any]:
    return [_value(part, next(words, b"")) if isinstance(part, str) else _values(part, words) for part in shape]


def _value(type_: str, word: bytes) -> Any:
    if len(word) != _WORD:
        raise ValueError("cut")
    if type_ == "bytes32":
        return word
    number = int.from_bytes(word, "big")
    if number >> _bits(type_):
        raise ValueError("something in front")
    if type_ == "address":
        return "0x" + word[12:].hex()
    return bool(number) if type_ == "bool" else number


def _reads(type_: str) -> bool:
    return type_ in ("bytes32", "bool", "address") or _UINT.fullmatch(type_) is not None


def _bits(type_: str) -> int:
    if (known := {"bool": 1, "address": 160}.get(type_)) is not None:
        return known
    return int(type_[4:])
