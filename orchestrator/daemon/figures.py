"""What one organisation measured, kept in its home as ``figures.json``, and its present state as ``status.json``."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from orchestrator.files import write_json


class Figures:
    """Held-out figures by manifest and round, traffic and transactions of this process's life. Threads may share it."""

    def __init__(self, home: Path) -> None:
        self._path = home / "figures.json"
        self._status_path = home / "status.json"
        self._lock = threading.RLock()
        self._data: dict[str, Any] = json.loads(self._path.read_text()) if self._path.exists() else {}

    def held_out(self, label: str, value: float, samples: int) -> None:
        """Keep the held-out metric under ``label``: ``base``, ``round/1``, ``revocation/<id>/before``, ``…/after``."""
        with self._lock:
            self._data.setdefault("held_out", {})[label] = {"value": value, "samples": samples}
            self._save()

    def has(self, label: str) -> bool:
        """Whether the held-out metric under ``label`` was kept, in this process's life or before."""
        return label in self._data.get("held_out", {})

    def manifest(self, round_number: int, digest: str) -> None:
        """Keep the digest of the manifest after a round, as this process computed it."""
        with self._lock:
            self._data.setdefault("manifests", {})[str(round_number)] = digest
            self._save()

    def declined(self, request: str, mode: str) -> None:
        """Keep that this node does nothing for a revocation, since it cannot recompute what its mode makes."""
        with self._lock:
            self._data.setdefault("declined", {})[request] = mode
            self._save()

    def traffic(self, **counts: object) -> None:
        """Keep counters such as ``bytes_sent`` and ``transactions``."""
        with self._lock:
            self._data["traffic"] = counts
            self._save()

    def status(self, stage: str, **facts: object) -> None:
        """Say what the daemon is doing now, for people and for programs that wait."""
        write_json(self._status_path, {"stage": stage, "time": round(time.time(), 3), **facts})

    def _save(self) -> None:
        write_json(self._path, self._data)
