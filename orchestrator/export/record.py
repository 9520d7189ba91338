"""``loranchor-export.json``: what an export is of, and the digest of each of its files; canonical, without floats."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import FormatError
from orchestrator.files import write_atomic
from orchestrator.ledger.canonical import Document, canonical_bytes, parse
from orchestrator.types import Digest

NAME = "loranchor-export.json"
FORMAT = "loranchor/export"
SIGNATURE = "model.sig"
"""As the OpenSSF model-signing tools name it; over everything here, the record too."""
BILLION = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Two exports with the same identity have the same weights.

    Attributes:
        kind: ``peft`` or ``merged``. rank: what an adapter was cut to; 0 for all that there is.
        dtype: of a merged model; ``fp32`` for adapters. names: whether organisations are named.
    """

    kind: str
    manifest: Digest
    base: Digest
    rank: int
    dtype: str
    names: bool

    def document(self) -> Document:
        return {
            "kind": self.kind,
            "manifest": self.manifest,
            "base": self.base,
            "cut_to_rank": self.rank,
            "dtype": self.dtype,
            "names": self.names,
        }


def record_of(identity: Identity, facts: Mapping[str, Any], folder: Path) -> Document:
    """The record of what lies in a folder.

    Args:
        facts: more members, integers and texts.
    """
    return {"format": FORMAT, "version": 1, **identity.document(), **facts, "files": files_of(folder)}


def files_of(folder: Path) -> Document:
    """What a record says of each file. Hidden files, and the fold's record, are a draft's own."""
    from orchestrator.aggregation.shards import RECORD  # here, so that those who only read records need no torch

    return {
        path.name: {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name not in (NAME, RECORD, SIGNATURE) and not path.name.startswith(".")
    }


def write_record(document: Document, folder: Path) -> None:
    write_atomic(folder / NAME, canonical_bytes(document) + b"\n")


def read_record(folder: Path) -> Document | None:
    """The record of a folder; None where there is none that can be read."""
    try:
        return parse((folder / NAME).read_bytes().rstrip(b"\n"), format=FORMAT)
    except (OSError, FormatError):
        return None


def is_same(document: Document, identity: Identity) -> bool:
    return all(document.get(key) == value for key, value in identity.document().items())


def changed_files(document: Document, folder: Path) -> list[str]:
    """Files that are not what the record says."""
    files: Any = document.get("files", {})
    return [
        name
        for name, entry in files.items()
        if not (folder / name).is_file() or sha256_of(folder / name) != entry.get("sha256")
    ]


def sha256_of(path: Path) -> Digest:
    with path.open("rb") as file:
        return Digest("0x" + hashlib.file_digest(file, "sha256").hexdigest())
