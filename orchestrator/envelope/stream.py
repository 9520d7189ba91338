"""Chunked AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár, 2015).

The nonce of chunk *i* is prefix (7 bytes) ‖ *i* (4, big-endian) ‖ last flag (1), so a chunk opens only in its own place
and only the last one as the last: cutting, reordering, repeating and appending are all refused. Both directions are
iterators over chunks, so that a file of any size passes in constant memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.utils import Buffer

from orchestrator.errors import EnvelopeError

PREFIX_SIZE = 7
TAG_SIZE = 16
MAX_CHUNKS = 2**32
DEFAULT_CHUNK_SIZE = 1 << 20


def seal_chunks(chunks: Iterable[Buffer], key: bytes, prefix: bytes, context: bytes) -> Iterator[bytes]:
    """Encrypt chunks; all but the last must have the same size. Each comes out ``TAG_SIZE`` longer."""
    cipher = AESGCM(key)
    for index, chunk, last in _numbered(chunks):
        yield cipher.encrypt(_nonce(prefix, index, last), chunk, context)


def open_chunks(chunks: Iterable[Buffer], key: bytes, prefix: bytes, context: bytes) -> Iterator[bytes]:
    """Decrypt what :func:`seal_chunks` made. A chunk is given out only after it proved genuine and in its place; that
    nothing is missing is known when the iterator ends without an error.

    Raises:
        EnvelopeError: truncated, reordered, tampered with, or another key or context.
    """
    cipher = AESGCM(key)
    for index, chunk, last in _numbered(chunks):
        try:
            yield cipher.decrypt(_nonce(prefix, index, last), chunk, context)
        except InvalidTag:
            raise EnvelopeError(_diagnosis(cipher, chunk, prefix, context, index, last)) from None


def slices(data: Buffer, size: int) -> Iterator[memoryview]:
    """Views of consecutive pieces of ``data``; one empty piece where there is no data."""
    view = memoryview(data)
    for start in range(0, max(len(view), 1), size):
        yield view[start : start + size]


def _numbered(chunks: Iterable[Buffer]) -> Iterator[tuple[int, Buffer, bool]]:
    iterator = iter(chunks)
    index, current = 0, next(iterator, b"")
    for following in iterator:
        yield index, current, False
        index, current = index + 1, following
        if index >= MAX_CHUNKS:
            raise EnvelopeError(f"a payload has at most {MAX_CHUNKS} chunks")
    yield index, current, True


def _nonce(prefix: bytes, index: int, last: bool) -> bytes:
    return prefix + index.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def _diagnosis(cipher: AESGCM, chunk: Buffer, prefix: bytes, context: bytes, index: int, last: bool) -> str:
    """Say what happened to a chunk that did not open: it opens elsewhere, or nowhere."""

    def opens(at: int, as_last: bool) -> bool:
        try:
            cipher.decrypt(_nonce(prefix, at, as_last), chunk, context)
        except InvalidTag:
            return False
        return True

    if opens(index, not last):
        return f"the payload is truncated after chunk {index}" if last else f"the payload goes on after chunk {index}"
    for other in range(max(0, index - 8), index + 9):
        if other != index and (opens(other, False) or opens(other, True)):
            return f"the payload is reordered: chunk {other} stands in place {index}"
    return f"chunk {index} of the payload was tampered with, or sealed under another key or context"
