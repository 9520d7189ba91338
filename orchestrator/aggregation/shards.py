"""Safetensors files that appear whole or not at all, and the record of which of them are done."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from orchestrator.errors import DataError
from orchestrator.files import write_json
from orchestrator.types import Digest

RECORD = "loranchor-fold.json"
"""Beside the shards of a finished fold: what it is a fold of, and each shard's digest."""
PROGRESS = ".loranchor-fold.json"
"""The same of a fold that is not finished."""
FORMAT = "loranchor/fold"
INDEX = "model.safetensors.index.json"

_SIZES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}


@dataclass(frozen=True, slots=True)
class Planned:
    """A tensor of a shard: its type as safetensors names it, its shape and bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard that is written: size, SHA-256, and what the strategy told of its tensors."""

    size: int
    digest: Digest
    figures: Mapping[str, float]

    def document(self) -> dict[str, Any]:
        return {"size": self.size, "sha256": self.digest, "figures": dict(self.figures)}


def in_file_order(tensors: Sequence[Planned]) -> list[Planned]:
    """Larger types first, so that every tensor lies on a multiple of its own size; then by name."""
    return sorted(tensors, key=lambda tensor: (-_SIZES.get(tensor.dtype, 1), tensor.name))


class ShardWriter:
    """Writes one safetensors file from front to back; leaving it with an error leaves no file.

    Args:
        tensors: :func:`in_file_order`. metadata: of the header.
    """

    def __init__(self, path: Path, tensors: Sequence[Planned], metadata: Mapping[str, str]) -> None:
        self._path, self._sha, self._size = path, hashlib.sha256(), 0
        self._header = header_bytes(tensors, metadata)
        self._expected = len(self._header) + sum(tensor.size for tensor in tensors)

    def __enter__(self) -> ShardWriter:
        handle, self._draft = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.", suffix=".part")
        self._file = os.fdopen(handle, "wb", buffering=0)
        self.write(memoryview(self._header))
        return self

    def write(self, data: memoryview) -> None:
        """Append bytes."""
        data = data.cast("B")
        self._sha.update(data)
        self._size += len(data)
        while data:
            data = data[self._file.write(data) :]

    @property
    def digest(self) -> Digest:
        return Digest("0x" + self._sha.hexdigest())

    @property
    def size(self) -> int:
        return self._size

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        draft = Path(self._draft)
        try:
            if kind is None and self._size == self._expected:
                os.fsync(self._file.fileno())
                draft.chmod(0o644)
                draft.replace(self._path)
        finally:
            self._file.close()
            draft.unlink(missing_ok=True)
        if kind is None and self._size != self._expected:
            raise ValueError(f"{self._path.name} got {self._size} of {self._expected} bytes")


class FoldFolder:
    """The folder that a fold is written to.

    Args:
        plan: digest of all that its bits depend on. about: the same in words, for the record; ``files`` are the names
            of its shards.

    Raises:
        DataError: the folder holds safetensors files that no fold has written.
    """

    def __init__(self, folder: Path, plan: Digest, about: Mapping[str, Any]) -> None:
        self.folder, self._plan, self._about = folder, plan, about
        folder.mkdir(parents=True, exist_ok=True)
        known = self._known()
        if not known and any(folder.glob("*.safetensors")):
            raise DataError(f"{folder} holds safetensors files of another origin", mend="give an empty folder")
        same = known.get("plan") == plan
        self.finished = same and (folder / RECORD).is_file()
        self.shards: dict[str, Shard] = self._whole(known) if same else {}
        self._clear(known)

    def begin(self) -> None:
        """Say whose files will be here, before the first of them is."""
        write_json(self.folder / PROGRESS, self._document())
        for name in (RECORD, INDEX):
            (self.folder / name).unlink(missing_ok=True)

    def add(self, name: str, shard: Shard) -> None:
        """Record a shard that is in its place."""
        self.shards[name] = shard
        write_json(self.folder / PROGRESS, self._document())

    def finish(self, weight_map: Mapping[str, str], total: int) -> None:
        """Write the index where there are several shards, and the record last."""
        if len(self.shards) > 1:
            index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
            write_json(self.folder / INDEX, index)
        write_json(self.folder / RECORD, self._document())
        (self.folder / PROGRESS).unlink(missing_ok=True)
        self.finished = True

    def _document(self) -> dict[str, Any]:
        shards = {name: self.shards[name].document() for name in sorted(self.shards)}
        return {"format": FORMAT, "version": 1, "plan": self._plan, **self._about, "shards": shards}

    def _known(self) -> dict[str, Any]:
        for name in (RECORD, PROGRESS):
            with contextlib.suppress(OSError, ValueError):
                document: dict[str, Any] = json.loads((self.folder / name).read_text("utf-8"))
                if _is_record(document):
                    return document
        return {}

    def _whole(self, known: Mapping[str, Any]) -> dict[str, Shard]:
        """Recorded shards that are what the record says; a half-written or changed one is made again."""
        found = {}
        for name, entry in known["shards"].items():
            path, size = self.folder / name, entry["size"]
            if path.is_file() and path.stat().st_size == size and _digest(path) == entry["sha256"]:
                found[name] = Shard(size, entry["sha256"], entry["figures"])
        if len(found) < len(known["shards"]):
            self.finished = False
        return found

    def _clear(self, known: Mapping[str, Any]) -> None:
        """Remove drafts of a fold that was killed, and shards of another one."""
        for draft in self.folder.glob(".*.safetensors.*.part"):
            draft.unlink(missing_ok=True)
        for name in {*known.get("shards", {}), *known.get("files", [])}:
            if name not in self.shards:
                (self.folder / name).unlink(missing_ok=True)


def header_bytes(tensors: Sequence[Planned], metadata: Mapping[str, str], multiple: int = 8) -> bytes:
    """The beginning of a safetensors file with these tensors in this order; its size is such a multiple of bytes."""
    header: dict[str, Any] = {"__metadata__": dict(sorted({"format": "pt", **metadata}.items()))}
    offset = 0
    for tensor in tensors:
        end = offset + tensor.size
        header[tensor.name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % multiple)
    return struct.pack("<Q", len(text)) + text


def _is_record(document: Any) -> bool:
    if not isinstance(document, dict) or (document.get("format"), document.get("version")) != (FORMAT, 1):
        return False
    shards, files = document.get("shards"), document.get("files", [])
    if not isinstance(files, list) or not all(isinstance(name, str) and Path(name).name == name for name in files):
        return False
    return isinstance(shards, dict) and all(
        Path(name).name == name
        and isinstance(entry, dict)
        and isinstance(entry.get("size"), int)
        and isinstance(entry.get("sha256"), str)
        and isinstance(entry.get("figures"), dict)
        for name, entry in shards.items()
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return "0x" + hashlib.file_digest(file, "sha256").hexdigest()
