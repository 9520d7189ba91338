"""A base model as it lies in a folder of safetensors files: mapped, never loaded."""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from orchestrator.errors import DataError
from orchestrator.ledger.canonical import check_nesting
from orchestrator.types import Digest

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
"""Types that a fold may change; tensors of others are copied as they are."""
MAX_HEADER = 100 << 20


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor in a file.

    Attributes:
        dtype: as safetensors names it. start, end: of its bytes in the file.
    """

    file: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


class StoredBase:
    """The tensors of a transformers folder.

    Args:
        digest: of the base model, as contributions name it; the caller has compared it with the folder.
        extra: parameters that no file holds, such as a classifier's seeded head; they come out with the last file.

    Raises:
        DataError: the folder holds no safetensors, a file is damaged, or a name occurs twice.
    """

    def __init__(self, folder: Path, digest: Digest, extra: Mapping[str, Tensor] | None = None) -> None:
        self.folder, self.digest, self.extra = folder, digest, dict(extra or {})
        self.files = sorted(path.name for path in folder.glob("*.safetensors"))
        if not self.files:
            raise DataError(f"{folder} has no .safetensors file", mend="give a folder made by save_pretrained")
        self.tensors: dict[str, StoredTensor] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self._maps: dict[str, memoryview] = {}
        for name in self.files:
            self._read(name)
        for name in self.extra:
            if name in self.tensors:
                raise DataError(f"{folder} holds {name} already")

    def find(self, parameter: str) -> str | None:
        """The stored or extra tensor of a model's parameter: files may leave out or add the model's own prefix."""
        if parameter in self.tensors or parameter in self.extra:
            return parameter
        near = [name for name in self.tensors if parameter.endswith(f".{name}") or name.endswith(f".{parameter}")]
        return near[0] if len(near) == 1 else None

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.extra[name].shape) if name in self.extra else self.tensors[name].shape

    def raw(self, name: str) -> memoryview:
        """A stored tensor's bytes."""
        stored = self.tensors[name]
        return self._maps[stored.file][stored.start : stored.end]

    def flat(self, name: str) -> Tensor:
        """A tensor's numbers in the type they are kept in, a view of the file.

        Raises:
            DataError: it is of a type that nothing can be added to.
        """
        if name in self.extra:
            return self.extra[name].reshape(-1)
        dtype = DTYPES.get(self.tensors[name].dtype)
        if dtype is None:
            raise DataError(f"{name} is kept as {self.tensors[name].dtype}, which no contribution can be added to")
        raw = torch.frombuffer(self.raw(name), dtype=torch.uint8)
        return (raw.clone() if raw.data_ptr() % dtype.itemsize else raw).view(dtype)

    def _read(self, name: str) -> None:
        path = self.folder / name
        try:
            with path.open("rb") as file:
                mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        except (OSError, ValueError) as error:
            raise DataError(f"cannot read {path}: {error}") from error
        self._maps[name] = mapped
        header, start = _header(path, mapped)
        self.metadata[name] = header.pop("__metadata__", {})
        for tensor, entry in header.items():
            if tensor in self.tensors:
                raise DataError(f"{self.folder} holds the tensor {tensor} twice", mend="keep one set of weights in it")
            self.tensors[tensor] = _stored(path, tensor, entry, start, len(mapped))


def _header(path: Path, mapped: memoryview) -> tuple[dict[str, Any], int]:
    damaged = DataError(f"{path} is damaged: it does not begin with a safetensors header")
    if len(mapped) < 8:
        raise damaged
    (length,) = struct.unpack_from("<Q", mapped)
    if length > min(len(mapped) - 8, MAX_HEADER):
        raise damaged
    try:
        text = bytes(mapped[8 : 8 + length])
        check_nesting(text, "safetensors header")
        header = json.loads(text)
    except ValueError as error:
        raise damaged from error
    if not isinstance(header, dict):
        raise damaged
    return header, 8 + length


def _stored(path: Path, name: str, entry: Any, start: int, size: int) -> StoredTensor:
    try:
        dtype, shape = str(entry["dtype"]), tuple(int(number) for number in entry["shape"])
        first, last = (start + int(offset) for offset in entry["data_offsets"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is damaged: tensor {name} is not described") from error
    if not start <= first <= last <= size:
        raise DataError(f"{path} is cut short: tensor {name} lies beyond its end")
    if dtype in DTYPES and torch.Size(shape).numel() * DTYPES[dtype].itemsize != last - first:
        raise DataError(f"{path} is damaged: tensor {name} has not the size of its shape")
    return StoredTensor(path.name, dtype, shape, first, last)
