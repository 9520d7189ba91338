"""Canonical objects: RFC 8785 JSON without floats, with ``format`` and ``version``, hashed with SHA-256.

Two programs that agree on the content of an object agree on its bytes, and so on its digest. Floats are refused,
because two machines may write the same measurement differently; weights, scores and losses are integers (docs/formats).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Set
from typing import Any

import rfc8785

from orchestrator.errors import FormatError
from orchestrator.types import Digest

SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact; larger ones are written as decimal strings."""
MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32

Document = dict[str, Any]

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A text, to the end where it has none of its own: whoever looked again from each quote in it would not come to one."""
_BRACKET = re.compile(rb"[\[\]{}]")


def canonical_bytes(value: object) -> bytes:
    """Returns the RFC 8785 bytes of ``value``.

    Raises:
        FormatError: for a float, bytes, a key that is not text, an integer beyond ±(2⁵³ − 1), text that is not Unicode,
            or nesting deeper than :data:`MAX_DEPTH`; names the place.
    """
    _check(value, "$", 0)
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:  # the second for a key that is not Unicode
        raise FormatError(f"not a canonical object: {error}") from error


def sha256(data: bytes) -> Digest:
    """SHA-256 of raw bytes, in the form that every digest has."""
    return Digest("0x" + hashlib.sha256(data).hexdigest())


def digest(value: object) -> Digest:
    """SHA-256 of the canonical bytes of ``value``."""
    return sha256(canonical_bytes(value))


def parse(data: bytes, *, format: str, versions: Set[int] = frozenset({1}), limit: int = MAX_BYTES) -> Document:
    """Reads a canonical object and refuses anything else.

    Args:
        data: the bytes as they were stored or sent.
        format: the ``format`` the object must name, such as ``loranchor/task``.
        versions: the versions the caller understands.
        limit: most bytes accepted.

    Raises:
        FormatError: for bytes that are not the canonical form of one object of that format and of a known version.
    """
    if len(data) > limit:
        raise FormatError(f"{format}: {len(data)} bytes, more than the {limit} allowed")
    document = _load(data, format)
    check_format(document, format=format, versions=versions)
    if canonical_bytes(document) != data:
        raise FormatError(f"{format}: the bytes are not in canonical form (RFC 8785)")
    return document


def check_format(document: Mapping[str, Any], *, format: str, versions: Set[int] = frozenset({1})) -> None:
    """Refuses a document of another format or of an unknown version, by name."""
    named = document.get("format")
    if named != format:
        raise FormatError(f"expected the format {format}, found {named!r}")
    version = document.get("version")
    if type(version) is not int or version not in versions:  # others' objects: a list has no place in a set
        known = ", ".join(str(item) for item in sorted(versions))
        older = type(version) is int and version < min(versions)
        mend = "whoever wrote it has an older release and upgrades" if older else "upgrade LoRAnchor"
        raise FormatError(f"{format}: version {version!r} is unknown, this release reads {known}", mend=mend)


def check_nesting(data: bytes, format: str) -> None:
    """Refuses JSON that is nested more than :data:`MAX_DEPTH` deep; call it before any ``json.loads`` of others' bytes.

    Python's parser recurses without a bound of its own: under a raised recursion limit deep input crashes the process.
    """
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", data)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise FormatError(f"{format}: nested more than {MAX_DEPTH} deep")


def _load(data: bytes, format: str) -> Document:
    check_nesting(data, format)
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_no_duplicates,
            parse_float=_no_float,
            parse_int=_short_integer,
            parse_constant=_no_float,
        )
    except ValueError as error:
        raise FormatError(f"{format}: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise FormatError(f"{format}: expected an object, found {type(value).__name__}")
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> Document:
    found: Document = {}
    for key, value in pairs:
        if key in found:
            raise FormatError(f"the key {key!r} occurs twice")
        found[key] = value
    return found


def _no_float(text: str) -> float:
    raise FormatError(f"the number {text[:40]} is not an integer")


def _short_integer(text: str) -> int:
    if len(text) > 17:
        raise FormatError(f"the integer {text[:40]} is beyond 2^53; such numbers are decimal strings")
    return int(text)


def _check(value: object, place: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise FormatError(f"{place[:80]}: nested more than {MAX_DEPTH} deep")
    if value is None or isinstance(value, (bool, str)):
        return
    if isinstance(value, int):
        if abs(value) > SAFE_INTEGER:
            raise FormatError(f"{place}: {value} is beyond 2^53; write it as a decimal string")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise FormatError(f"{place}: the key {key!r} is not text")
            _check(item, f"{place}.{key}", depth + 1)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _check(item, f"{place}[{index}]", depth + 1)
    else:
        raise FormatError(f"{place}: {type(value).__name__} has no canonical form")
