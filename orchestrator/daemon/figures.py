"""What one organisation measured, kept in its home as ``figures.json``, and its present state as ``status.json``."""

from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path
from typing import Any

from orchestrator.daemon.disk import disk_errors
from orchestrator.files import write_json

_log = logging.getLogger(__name__)


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
            self._save("held_out", {**self._data.get("held_out", {}), label: {"value": value, "samples": samples}})

    def unavailable(self, label: str, reason: str) -> None:
        """Keep that the held-out metric under ``label`` is not to be had any more, and why; its value is null."""
        with self._lock:
            row = {"value": None, "samples": 0, "reason": f"not available: {reason}"}
            self._save("held_out", {**self._data.get("held_out", {}), label: row})

    def has(self, label: str) -> bool:
        """Whether the held-out metric under ``label`` was kept, or why there is none; also before this process."""
        return label in self._data.get("held_out", {})

    def manifest(self, round_number: int, digest: str) -> None:
        """Keep the digest of the manifest after a round, as this process computed it; a figure of another one goes."""
        with self._lock:
            if self.manifest_of(round_number) not in (None, digest):
                figures = self._data.get("held_out", {})
                self._save("held_out", {key: value for key, value in figures.items() if key != f"round/{round_number}"})
            self._save("manifests", {**self._data.get("manifests", {}), str(round_number): digest})

    def manifest_of(self, round_number: int) -> str | None:
        """The digest that was kept."""
        found: str | None = self._data.get("manifests", {}).get(str(round_number))
        return found

    def traffic(self, **counts: object) -> None:
        """Keep counters such as ``bytes_sent`` and ``transactions``."""
        with self._lock:
            self._save("traffic", counts)

    def status(self, stage: str, **facts: object) -> None:
        """Say what the daemon is doing now, for people and for programs that wait. No work ends for want of that."""
        try:
            write_json(self._status_path, {"stage": stage, "time": round(time.time(), 3), **facts})
        except OSError as error:
            _log.warning("%s is not up to date: %s", self._status_path, error.strerror)

    def _save(self, name: str, value: object) -> None:
        """On disk before it counts: what a full disk did not take is tried again by whoever measured it."""
        data = {**self._data, name: value}
        with disk_errors():
            write_json(self._path, data)
        self._data = data
