"""The file: canonical JSON lines under gzip. Written the same way every time, read with a bound on everything.

gzip's header names no time and no file, so equal lines make equal files with one zlib; what is compared between makers
are the lines.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from orchestrator.audit.bundle.lines import Line, kind_of_line
from orchestrator.audit.bundle.told import End, Part
from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import MAX_DEPTH, SAFE_INTEGER, check_nesting
from orchestrator.types import Digest

LEVEL = 6
CHUNK = 1 << 18


@dataclass(frozen=True)
class Limits:
    """What a reader takes from a stranger.

    Attributes:
        line: most bytes of one line. total: most bytes of all lines, uncompressed. lines: most lines.
    """

    line: int = 32 << 20
    total: int = 16 << 30
    lines: int = 50_000_000


LIMITS = Limits()


class Parts:
    """Counts and hashes lines by kind."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, Any]] = {}

    def add(self, kind: str, line: bytes) -> None:
        count, hasher = self._found.get(kind) or (0, hashlib.sha256())
        hasher.update(line)
        self._found[kind] = (count + 1, hasher)

    def end(self) -> End:
        """What the last line has to say."""
        return End(
            tuple(
                Part(kind, count, Digest("0x" + hasher.hexdigest()))
                for kind, (count, hasher) in sorted(self._found.items())
            )
        )


def write_lines(file: BinaryIO, lines: Iterable[Line]) -> int:
    """Write a bundle with its last line; returns how many lines it has."""
    parts, count = Parts(), 0
    with gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=file, mtime=0) as packed:
        buffered = io.BufferedWriter(packed, CHUNK)
        for line in lines:
            data = line.to_bytes()
            parts.add(line.kind, data)
            buffered.write(data)
            count += 1
        buffered.write(parts.end().to_bytes())
        buffered.flush()
    return count + 1


def read_lines(file: BinaryIO, limits: Limits = LIMITS) -> Iterator[bytes]:
    """The lines with their ends, decompressed as they are asked for.

    Raises:
        FormatError: it is no gzip, it is cut, something follows it, or it is larger than the limits.
    """
    rest, count = b"", 0
    for data in _inflated(file, limits.total):
        rest += data
        *whole, rest = rest.split(b"\n")
        for line in whole:
            count += 1
            if count > limits.lines:
                raise FormatError(f"it has more than {limits.lines} lines")
            yield line + b"\n"
        if len(rest) > limits.line:
            raise FormatError(f"line {count + 1} is longer than {limits.line} bytes")
    if rest:
        raise FormatError(f"line {count + 1} has no end")


def _inflated(file: BinaryIO, most: int) -> Iterator[bytes]:
    """One gzip member and nothing else, at most :data:`CHUNK` bytes at a time."""
    inflater, total, data = zlib.decompressobj(wbits=31), 0, b""
    while not inflater.eof:
        data = inflater.unconsumed_tail or file.read(CHUNK)
        if not data:
            raise FormatError("it is cut: the compressed data have no end")
        try:
            piece = inflater.decompress(data, CHUNK)
        except zlib.error as error:
            raise FormatError(f"it is no gzip: {error}") from error
        total += len(piece)
        if total > most:
            raise FormatError(f"it has more than {most} bytes, uncompressed")
        yield piece
    if inflater.unused_data or file.read(1):
        raise FormatError("something follows the compressed data")


def parse_line(line: bytes) -> dict[str, Any]:
    """A line's object, which names its kind.

    Raises:
        FormatError: it is not the canonical form of an object, or deep, or has floats or long numbers.
    """
    data = line[:-1]
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH:  # as most lines cannot be: looking closer takes time
        check_nesting(data, "the line")
    try:
        document = _DECODER.decode(data.decode())
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not JSON: {error}") from error
    kind_of_line(document)
    if fast_canonical(document) != data:
        raise FormatError("the bytes are not in canonical form (RFC 8785)")
    return dict(document)


def fast_canonical(value: object) -> bytes:
    """RFC 8785 bytes of what came out of :func:`parse_line`, by the standard library's encoder.

    For objects without floats whose keys have no character beyond U+FFFF the two are the same, and it is ten times as
    fast; a test compares them. Text that is not Unicode has no bytes here, either.
    """
    try:
        return _ENCODER.encode(value).encode()
    except UnicodeEncodeError as error:
        raise FormatError("a text is not Unicode") from error


def _refuse(text: str) -> float:
    raise FormatError(f"the number {text[:40]} is not an integer")


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > SAFE_INTEGER:
        raise FormatError(f"the integer {text[:40]} is beyond 2^53; such numbers are decimal strings")
    return int(text)


_DECODER = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse, parse_int=_integer)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
"""Made once: there is a line for each transaction and record."""
