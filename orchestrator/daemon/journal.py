"""Append-only JSON lines of what a daemon saw and did: for its operator, and for programs that follow it."""

from __future__ import annotations

import json
import time
from pathlib import Path


class Journal:
    """One line for each event; opened anew for each, so that a copy or a rotation never loses any.

    Never write secrets here: callers pass ids, digests, counts and names only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, event: str, **facts: object) -> None:
        """Append ``event`` with its facts and the time in seconds since 1970."""
        line = json.dumps({"time": round(time.time(), 3), "event": event, **facts}, sort_keys=False)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
