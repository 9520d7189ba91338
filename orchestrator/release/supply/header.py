"""A safetensors file, checked from its header without reading a number of it, and without torch.

The format: https://github.com/huggingface/safetensors#format. The tensors must lie side by side and fill the file, so
that nothing else can hide in it.
"""

from __future__ import annotations

import json
import struct
from math import prod
from typing import IO, Any

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import check_nesting

BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64,
}  # fmt: skip
"""Bits of a number, by the name of its type."""
MAX_HEADER = 100_000_000
"""Bytes, as the library has it."""


def check_safetensors(file: IO[bytes], size: int) -> int:
    """How many tensors a file holds.

    Args:
        file: at its beginning. size: of the whole file in bytes.

    Raises:
        FormatError: the header is cut short, no such header, or does not describe exactly the bytes that follow.
    """
    prefix = file.read(8)
    if len(prefix) < 8:
        raise FormatError(f"{size} bytes are too few for a safetensors header")
    (length,) = struct.unpack("<Q", prefix)
    if length > MAX_HEADER:
        raise FormatError(f"the safetensors header claims {length} bytes, and at most {MAX_HEADER} are read")
    if length > size - 8:
        raise FormatError(f"the safetensors header is cut short: it claims {length} bytes, and {size - 8} follow")
    tensors = _decoded(file.read(length))
    _check_metadata(tensors.pop("__metadata__", {}))
    _check_filled(sorted(_span(name, entry) for name, entry in tensors.items()), size - 8 - length)
    return len(tensors)


def _decoded(text: bytes) -> dict[str, Any]:
    try:
        check_nesting(text, "safetensors header")
        found = json.loads(text.decode(), object_pairs_hook=_once)
    except ValueError as error:
        raise FormatError("the safetensors header is no JSON") from error
    if not isinstance(found, dict) or not text.startswith(b"{"):
        raise FormatError("the safetensors header is no JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two entries with one name, two readers may take different ones."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FormatError("the safetensors header names something twice")
    return found


def _check_metadata(metadata: object) -> None:
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FormatError("the safetensors metadata are not texts by name")


def _span(name: str, entry: object) -> tuple[int, int]:
    """Where a tensor's bytes begin and end, counted from the end of the header."""
    try:
        dtype, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]  # type: ignore[index]
        bits = BITS[dtype] * prod(shape)
        whole = all(type(number) is int and number >= 0 for number in (*shape, start, end))
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"the safetensors header does not describe tensor {name!r}") from error
    if not whole or bits != (end - start) * 8:
        raise FormatError(f"tensor {name!r} is not as long as its shape says")
    return start, end


def _check_filled(spans: list[tuple[int, int]], body: int) -> None:
    place = 0
    for start, end in spans:
        if start != place:
            raise FormatError("the tensors of the safetensors file do not lie side by side")
        place = end
    if place != body:
        raise FormatError(f"the safetensors file holds {body} bytes of tensors, and its header says {place}")
