"""Whether the data have changed since they were trained on: a digest that stays in the home."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.errors import DataError
from orchestrator.types import Digest

_PIECE = 1 << 20


def data_digest(values: Mapping[str, Any], organisation: str) -> Digest:
    """Digest of what the settings say of this organisation's data, and of all files in ``data.folder``.

    Packaged sources have no folder of their own: they never change.

    Raises:
        DataError: a file cannot be read.
    """
    data, experiment = values.get("data") or {}, values.get("experiment") or {}
    entries = experiment.get("organisations") or []
    shard = next((item.get("shard") for item in entries if item.get("name") == organisation), None)
    digest = hashlib.sha256(repr((data.get("source"), shard)).encode())
    if data.get("folder"):
        folder = Path(data["folder"])
        try:
            for path in sorted(item for item in folder.rglob("*") if item.is_file()):
                digest.update(repr((str(path.relative_to(folder)), path.stat().st_size)).encode())
                with path.open("rb") as file:
                    while piece := file.read(_PIECE):
                        digest.update(piece)
        except OSError as error:
            raise DataError(f"cannot read the data in {folder}: {error.strerror}", mend="check data.folder") from error
    return Digest("0x" + digest.hexdigest())
