"""``loranchor/delta`` 1: one canonical safetensors file for one delta (docs/formats/delta.md).

Written by hand because the safetensors library promises no order for its metadata, and read by hand because a hostile
member chooses these bytes: limits come first, and only the one canonical form of a delta is read.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from orchestrator.contribution.agreed import agreed_a
from orchestrator.contribution.delta import AdapterDelta, LowRank
from orchestrator.contribution.refusal import ContributionRefused, Reason
from orchestrator.contribution.start import Frozen
from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import SAFE_INTEGER, check_nesting
from orchestrator.types import Digest

FORMAT = "loranchor/delta"
VERSION = "1"
_TYPES = {"F32": torch.float32, "BF16": torch.bfloat16}
_NAMES = {dtype: name for name, dtype in _TYPES.items()}
MOST_SEEDED, MOST_SEEDED_MODULE = 1 << 28, 1 << 24
"""Numbers that one delta, and one of its modules, may have others make out of its seed."""
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before it is read: bytes in all, bytes of header, number of tensors."""

    max_bytes: int = 1 << 30
    max_header: int = 8 << 20
    max_tensors: int = 20_000


def serialise(delta: AdapterDelta) -> bytes:
    """The canonical bytes of a delta: the same delta gives the same bytes everywhere.

    Raises:
        ContributionRefused: a tensor is neither fp32 nor bf16, or a factor is not the one that its seed gives.
    """
    _check_seeded(delta)
    tensors = _tensors(delta)
    header = _header(delta, tensors)
    return b"".join([struct.pack("<Q", len(header)), header, *(_raw(tensor) for tensor in tensors.values())])


def parse(data: bytes, limits: Limits | None = None) -> AdapterDelta:
    """Read a delta, without trusting a byte of it.

    Raises:
        ContributionRefused: the bytes are not the canonical bytes of any delta within the limits.
    """
    limits = limits or Limits()
    if len(data) > limits.max_bytes:
        raise ContributionRefused(Reason.TOO_LARGE, f"{len(data)} bytes, at most {limits.max_bytes} are read")
    header_bytes, body = _split(data, limits)
    header = _decode(header_bytes)
    metadata = header.pop("__metadata__", None)
    if len(header) > limits.max_tensors:
        raise ContributionRefused(Reason.TOO_LARGE, f"{len(header)} tensors, at most {limits.max_tensors} are read")
    table = _table(metadata)
    delta = _assemble(table, metadata, {name: _tensor(name, entry, body) for name, entry in header.items()})
    if _header(delta, _tensors(delta)) != header_bytes or _size(delta) != len(body):
        raise ContributionRefused(Reason.WRONG_FORMAT, "these are not the canonical bytes of this delta")
    return delta


def _tensors(delta: AdapterDelta) -> dict[str, Tensor]:
    found = {f"dense.{name}": tensor for name, tensor in delta.dense.items()}
    for name, low in delta.modules.items():
        if delta.seed is None:
            found[f"low_rank.{name}.a"] = low.a
        found[f"low_rank.{name}.b"] = low.b
    # fp32 before bf16, so that each lies on a multiple of its own size
    return dict(sorted(found.items(), key=lambda item: (-item[1].element_size(), item[0])))


def _header(delta: AdapterDelta, tensors: Mapping[str, Tensor]) -> bytes:
    metadata = {
        "base": delta.base,
        "format": FORMAT,
        "modules": _json({name: _module_entry(low, delta.seed) for name, low in delta.modules.items()}),
        "parent_manifest": delta.parent_manifest,
        "version": VERSION,
    }
    if delta.frozen is not None:
        metadata["frozen"] = _json(delta.frozen.document)
    header: dict[str, Any] = {"__metadata__": metadata}
    offset = 0
    for name, tensor in tensors.items():
        if tensor.dtype not in _NAMES:
            raise ContributionRefused(Reason.WRONG_FORMAT, f"{name} is {tensor.dtype}; a delta is float32 or bfloat16")
        size = tensor.numel() * tensor.element_size()
        header[name] = {
            "data_offsets": [offset, offset + size],
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
        }
        offset += size
    text = _json(header).encode()
    return text + b" " * (-len(text) % 8)


def _module_entry(low: LowRank, seed: int | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"alpha": low.alpha, "rslora": low.rslora}
    return entry if seed is None else {**entry, "inputs": low.a.shape[1]}


def _check_seeded(delta: AdapterDelta) -> None:
    if delta.seed is None:
        return
    for name, low in delta.modules.items():
        if not torch.equal(low.a.cpu(), agreed_a(delta.seed, name, *low.a.shape)):
            raise ContributionRefused(Reason.WRONG_FACTOR, f"A of {name!r} is not the one of seed {delta.seed}")


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _raw(tensor: Tensor) -> bytes:
    return tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()


def _size(delta: AdapterDelta) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in _tensors(delta).values())


def _split(data: bytes, limits: Limits) -> tuple[bytes, memoryview]:
    if data.startswith(_PICKLES) and data[8:9] != b"{":
        raise ContributionRefused(Reason.NOT_SAFETENSORS, "this is a pickle, which could run code; it is not opened")
    if len(data) < 8:
        raise ContributionRefused(Reason.NOT_SAFETENSORS, f"{len(data)} bytes are no safetensors file")
    (length,) = struct.unpack_from("<Q", data)
    if length > len(data) - 8:
        raise ContributionRefused(Reason.NOT_SAFETENSORS, "the file is shorter than its header says")
    if length > limits.max_header:
        raise ContributionRefused(Reason.TOO_LARGE, f"a header of {length} bytes, at most {limits.max_header} are read")
    # a copy that torch may write to: tensors are views of it
    return data[8 : 8 + length], memoryview(bytearray(memoryview(data)[8 + length :]))


def _decode(text: bytes | str) -> dict[str, Any]:
    try:
        check_nesting(text.encode() if isinstance(text, str) else text, FORMAT)
        header = json.loads(text)
    except (ValueError, FormatError) as error:
        raise ContributionRefused(Reason.NOT_SAFETENSORS, "the header is not JSON") from error
    if not isinstance(header, dict):
        raise ContributionRefused(Reason.NOT_SAFETENSORS, "the header is not a JSON object")
    return header


def _table(metadata: object) -> dict[str, Any]:
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise ContributionRefused(Reason.WRONG_FORMAT, f"the file does not say that it is {FORMAT}")
    if metadata.get("version") != VERSION:
        raise ContributionRefused(Reason.WRONG_FORMAT, f"{FORMAT} version {metadata.get('version')!r} is unknown here")
    if not all(isinstance(metadata.get(key), str) for key in ("base", "parent_manifest", "modules")):
        raise ContributionRefused(Reason.WRONG_FORMAT, "base, parent_manifest or modules is missing")
    table = _decode(metadata["modules"])
    for name, entry in table.items():
        alpha, rslora = (entry.get("alpha"), entry.get("rslora")) if isinstance(entry, dict) else (None, None)
        if type(alpha) is not int or not 1 <= alpha <= SAFE_INTEGER or type(rslora) is not bool:
            raise ContributionRefused(Reason.WRONG_FORMAT, f"module {name!r} has no α and rslora")
        if not name.isprintable():  # half a surrogate pair among others, which no factor's seed can be made of
            raise ContributionRefused(Reason.WRONG_FORMAT, f"{name!r} is no name of a module")
    return table


def _tensor(name: str, entry: object, body: memoryview) -> Tensor:
    try:
        dtype = _TYPES[entry["dtype"]]  # type: ignore[index]
        shape, (start, end) = entry["shape"], entry["data_offsets"]  # type: ignore[index]
        valid = len(shape) <= 4 and all(
            type(number) is int and 0 <= number < 1 << 40 for number in (*shape, start, end)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ContributionRefused(Reason.WRONG_FORMAT, f"tensor {name!r} is not described as fp32 or bf16") from error
    count = 1
    for number in shape if valid else ():
        count *= number
    if not valid or count == 0 or end > len(body) or end - start != count * dtype.itemsize:
        raise ContributionRefused(Reason.WRONG_FORMAT, f"tensor {name!r} does not lie within the file")
    if start % dtype.itemsize:
        raise ContributionRefused(Reason.WRONG_FORMAT, f"tensor {name!r} is not aligned")
    return torch.frombuffer(body[start:end], dtype=dtype).view(shape)


def _assemble(table: dict[str, Any], metadata: Any, tensors: dict[str, Tensor]) -> AdapterDelta:
    frozen = Frozen.from_text(metadata.get("frozen"))
    modules, made = {}, 0
    for name, entry in table.items():
        b = tensors.pop(f"low_rank.{name}.b", None)
        if frozen is None or frozen.seed is None:
            a = tensors.pop(f"low_rank.{name}.a", None)
        else:
            a = _seeded(name, entry, b, frozen.seed, MOST_SEEDED - made)
            made += a.numel()
        if a is None or b is None or a.ndim != 2 or b.ndim != 2 or a.shape[0] != b.shape[1]:
            raise ContributionRefused(Reason.BAD_SHAPE, f"module {name!r} has no pair of matrices that fit together")
        modules[name] = LowRank(a, b, entry["alpha"], entry["rslora"])
    dense = {name.removeprefix("dense."): tensor for name, tensor in tensors.items() if name.startswith("dense.")}
    if len(dense) != len(tensors):
        stray = min(name for name in tensors if not name.startswith("dense."))
        reason = Reason.DORA if "magnitude" in stray else Reason.WRONG_FORMAT
        raise ContributionRefused(reason, f"tensor {stray!r} belongs to no module")
    return AdapterDelta(Digest(metadata["base"]), Digest(metadata["parent_manifest"]), modules, dense, frozen)


def _seeded(name: str, entry: Mapping[str, Any], b: Tensor | None, seed: int, most: int) -> Tensor:
    """The A that did not travel, where B is; an outline of it for an outline."""
    inputs, rank = entry.get("inputs"), b.shape[1] if b is not None and b.ndim == 2 else 0
    if type(inputs) is not int or b is None or inputs < 1 or not 0 < rank * inputs <= min(most, MOST_SEEDED_MODULE):
        raise ContributionRefused(Reason.BAD_SHAPE, f"module {name!r} does not say how wide its frozen factor is")
    return torch.empty((rank, inputs), device="meta") if b.is_meta else agreed_a(seed, name, rank, inputs)
