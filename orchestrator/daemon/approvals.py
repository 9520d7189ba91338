"""What the operator has approved, denied and paused: kept in the journal, so it outlives a restart.

The journal keeps it for one pair of chains: what was approved on one is worth nothing on another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from orchestrator.daemon.gate import Approvals

WORDS = "approval"
"""Kind of the journal's results, by effect: whether it was approved, or denied."""
_OPERATOR, _PAUSED = "operator", "paused"


class WordStore(Protocol):
    """The part of the journal that is needed here; what it raises, it has not kept."""

    def put(self, kind: str, key: str, value: object) -> None: ...
    def get(self, kind: str, key: str) -> Any: ...
    def results(self, kind: str) -> Mapping[str, Any]: ...


class OperatorBook:
    """The operator's words. Threads may share it: what is read never changes.

    Every word is on disk before it holds; what the disk does not take raises DiskError and changes nothing.
    """

    def __init__(self, store: WordStore) -> None:
        self._store = store

    @property
    def approvals(self) -> Approvals:
        """What holds now. Approvals are of the private chain as it was: a reorganisation takes them back."""
        words = self._store.results(WORDS)
        approved = frozenset(approved_of(words))
        return Approvals(approved, frozenset(words) - approved, self._store.get(_OPERATOR, _PAUSED) is True)

    def approve(self, effect_id: str) -> None:
        """Let an effect begin, whatever was said of it before."""
        self._store.put(WORDS, effect_id, True)

    def deny(self, effect_id: str) -> None:
        """Keep an effect from beginning until it is approved."""
        self._store.put(WORDS, effect_id, False)

    def pause(self, wanted: bool) -> None:
        """Begin nothing, or go on."""
        self._store.put(_OPERATOR, _PAUSED, wanted)


def approved_of(words: Mapping[str, Any]) -> list[str]:
    """The effects that were approved."""
    return [effect_id for effect_id, word in words.items() if word is True]
