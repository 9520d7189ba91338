"""Where the tensors of a serialised delta lie, from its header alone.

:func:`orchestrator.contribution.parse` reads a whole delta into memory; the fold reads parts of many deltas that do not
fit there together. The header passes the same checks: it must be byte for byte the canonical one, and the file exactly
as long as it says, so a later read of a part is within bounds.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from orchestrator.contribution.codec import (
    _PICKLES,
    _TYPES,
    Limits,
    _assemble,
    _decode,
    _header,
    _size,
    _table,
    _tensors,
)
from orchestrator.contribution.delta import AdapterDelta
from orchestrator.contribution.refusal import ContributionRefused, Reason

PREFIX = 8
"""Bytes before the header: its size."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a tensor's bytes lie in the file."""

    start: int
    end: int
    dtype: torch.dtype
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The outline of a serialised delta.

    Attributes:
        outline: the delta with tensors on the ``meta`` device: types and shapes, no numbers.
        spans: by tensor name, ``low_rank.<module>.a``, ``low_rank.<module>.b`` or ``dense.<parameter>``.
    """

    outline: AdapterDelta
    spans: Mapping[str, Span]


def header_end(prefix: bytes, size: int, limits: Limits | None = None) -> int:
    """Where the header ends, from the first :data:`PREFIX` bytes of a file of ``size`` bytes.

    Raises:
        ContributionRefused: a pickle, cut short, or larger than the limits allow.
    """
    limits = limits or Limits()
    if size > limits.max_bytes:
        raise ContributionRefused(Reason.TOO_LARGE, f"{size} bytes, at most {limits.max_bytes} are read")
    if len(prefix) < PREFIX or size < PREFIX:
        raise ContributionRefused(Reason.NOT_SAFETENSORS, f"{size} bytes are no safetensors file")
    (length,) = struct.unpack_from("<Q", prefix)
    if length > size - PREFIX:
        pickled = prefix.startswith(_PICKLES)
        what = "this is a pickle, which could run code" if pickled else "the file is shorter than its header says"
        raise ContributionRefused(Reason.NOT_SAFETENSORS, what)
    if length > limits.max_header:
        raise ContributionRefused(Reason.TOO_LARGE, f"a header of {length} bytes, at most {limits.max_header} are read")
    return PREFIX + int(length)


def read_layout(header: bytes, size: int, limits: Limits | None = None) -> Layout:
    """The outline of a delta.

    Args:
        header: the bytes from :data:`PREFIX` to :func:`header_end`. size: of the whole file.

    Raises:
        ContributionRefused: not the canonical header of any delta of that size within the limits.
    """
    limits, body = limits or Limits(), size - PREFIX - len(header)
    described = _decode(header)
    metadata = described.pop("__metadata__", None)
    if len(described) > limits.max_tensors:
        raise ContributionRefused(Reason.TOO_LARGE, f"{len(described)} tensors, at most {limits.max_tensors} are read")
    table = _table(metadata)
    outline = _assemble(table, metadata, {name: _outlined(name, entry, body) for name, entry in described.items()})
    tensors = _tensors(outline)
    if _header(outline, tensors) != header or _size(outline) != body:
        raise ContributionRefused(Reason.WRONG_FORMAT, "these are not the canonical bytes of this delta")
    return Layout(outline, _spans(tensors, PREFIX + len(header)))


def _spans(tensors: Mapping[str, Tensor], start: int) -> dict[str, Span]:
    spans = {}
    for name, tensor in tensors.items():
        end = start + tensor.numel() * tensor.element_size()
        spans[name] = Span(start, end, tensor.dtype, tuple(tensor.shape))
        start = end
    return spans


def _outlined(name: str, entry: Any, body: int) -> Tensor:
    try:
        dtype, shape = _TYPES[entry["dtype"]], entry["shape"]
        valid = isinstance(shape, list) and len(shape) <= 4 and all(type(n) is int and 0 < n < 1 << 40 for n in shape)
    except (KeyError, TypeError) as error:
        raise ContributionRefused(Reason.WRONG_FORMAT, f"tensor {name!r} is not described as fp32 or bf16") from error
    count = 1
    for number in shape if valid else ():
        count *= number
    if not valid or count * dtype.itemsize > body:
        raise ContributionRefused(Reason.WRONG_FORMAT, f"tensor {name!r} does not lie within the file")
    return torch.empty(shape, dtype=dtype, device="meta")
