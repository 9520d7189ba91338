"""The base digest of a folder, remembered by what the file system says about its files.

The digest covers what the files hold, in the type they hold it in, so it depends on no library's names or casts; the
tensors that no file holds (a classifier's head) follow under the names that transformers gives them.
"""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from torch import Tensor

from orchestrator.cache import cache_folder
from orchestrator.errors import DataError
from orchestrator.files import write_json
from orchestrator.models.base import tensors_digest
from orchestrator.types import Digest


def cached_digest(folder: Path, head: Mapping[str, Tensor], cache: Path | None = None) -> Digest:
    """Digest of a transformers folder's tensors together with those of a seeded head.

    Raises:
        DataError: two files of the folder hold a tensor of the same name.
    """
    entry = (cache or cache_folder()) / "digests" / f"{_key(folder, head)}.json"
    with contextlib.suppress(OSError, ValueError, KeyError):
        return Digest(json.loads(entry.read_text(encoding="utf-8"))["digest"])
    digest = folder_digest(folder, head)
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time, nothing else
        write_json(entry, {"digest": digest, "folder": folder.name})
    return digest


def folder_digest(folder: Path, head: Mapping[str, Tensor]) -> Digest:
    """The same, always read from the files."""
    with contextlib.ExitStack() as stack:
        return tensors_digest(_merged(folder, head, stack))


def _merged(folder: Path, head: Mapping[str, Tensor], stack: contextlib.ExitStack) -> Iterator[tuple[str, Tensor]]:
    from safetensors import safe_open

    where = {}
    for file in sorted(folder.glob("*.safetensors")):
        handle = stack.enter_context(safe_open(file, framework="pt"))
        for name in handle.keys():  # noqa: SIM118  # not a dict
            if name in where:
                raise DataError(f"{folder} holds the tensor {name} twice", mend="keep one set of weights in the folder")
            where[name] = handle
    stored = ((name, where[name].get_tensor(name)) for name in sorted(where))
    fresh = ((f"head:{name}", tensor.float()) for name, tensor in sorted(head.items()))
    yield from heapq.merge(stored, fresh, key=lambda item: item[0])


def _key(folder: Path, head: Mapping[str, Tensor]) -> str:
    lines = [tensors_digest(sorted(head.items())), str(folder.resolve())]
    for file in sorted(folder.glob("*.safetensors")):
        state = file.stat()
        lines.append(f"{file.name} {state.st_size} {state.st_mtime_ns} {state.st_ino}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
