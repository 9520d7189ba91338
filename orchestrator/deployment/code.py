"""Runtime code without what deploying wrote into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def masked(code: bytes, immutables: Iterable[Mapping[str, int]]) -> bytes:
    """``code`` with every immutable set to zero; its keccak is an ABI file's ``code_hash`` (see tools/abi.py)."""
    plain = bytearray(code)
    for place in immutables:
        start, length = place["start"], place["length"]
        plain[start : start + length] = bytes(length)
    return bytes(plain[: len(code)])
