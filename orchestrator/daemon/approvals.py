"""What the operator has approved, denied and paused: kept in the journal, so it outlives a restart.

The journal keeps it for one pair of chains: what was approved on one is worth nothing on another.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol

from orchestrator.daemon.gate import Approvals

_WORDS, _OPERATOR, _PAUSED = "approval", "operator", "paused"


class WordStore(Protocol):
    """The part of the journal that is needed here; what it raises, it has not kept."""

    def put(self, kind: str, key: str, value: object) -> None: ...
    def get(self, kind: str, key: str) -> Any: ...
    def results(self, kind: str) -> Mapping[str, Any]: ...


class OperatorBook:
    """The operator's words. One thread may write while another reads: what is read never changes.

    Every word is on disk before it holds; what the disk does not take raises DiskError and changes nothing.
    """

    def __init__(self, store: WordStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._now = self._read()

    @property
    def approvals(self) -> Approvals:
        """What holds now."""
        return self._now

    def approve(self, effect_id: str) -> None:
        """Let an effect begin, whatever was said of it before."""
        with self._lock:
            self._store.put(_WORDS, effect_id, True)
            self._now = self._read()

    def deny(self, effect_id: str) -> None:
        """Keep an effect from beginning until it is approved."""
        with self._lock:
            self._store.put(_WORDS, effect_id, False)
            self._now = self._read()

    def pause(self, wanted: bool) -> None:
        """Begin nothing, or go on."""
        with self._lock:
            self._store.put(_OPERATOR, _PAUSED, wanted)
            self._now = self._read()

    def _read(self) -> Approvals:
        words = self._store.results(_WORDS)
        approved = frozenset(key for key, value in words.items() if value is True)
        return Approvals(approved, frozenset(words) - approved, self._store.get(_OPERATOR, _PAUSED) is True)
