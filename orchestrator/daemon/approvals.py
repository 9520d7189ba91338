"""What the operator has approved, denied and paused, kept in the home as ``operator.json`` so that it outlives a restart.

One private chain's approvals are worth nothing on another: the file names the chain and the round ledger they are of,
and a home that is put in front of others starts with none. A pause stays: it is about this daemon.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from orchestrator.daemon.gate import Approvals
from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.files import write_json

FORMAT = "loranchor/operator"
FILE = "operator.json"
KEPT = 2000
"""Words kept; of more, the oldest go. What still waits then asks again."""


class OperatorBook:
    """The operator's words. One thread may write while another reads: what is read never changes.

    Args:
        home: the organisation's folder.
        scope: names the private chain and its round ledger.

    Raises:
        FormatError: the file is damaged. Nothing is guessed then: a denial must not be lost.
    """

    def __init__(self, home: Path, scope: str) -> None:
        self._path, self._scope = home / FILE, scope
        self._lock = threading.Lock()
        self._words, paused = self._read()
        self._now = self._approvals(paused)

    @property
    def approvals(self) -> Approvals:
        """What holds now."""
        return self._now

    def approve(self, effect_id: str) -> None:
        """Let an effect begin, whatever was said of it before.

        Raises:
            ConfigurationError: it cannot be written down, so it does not hold.
        """
        self._say(effect_id, approved=True)

    def deny(self, effect_id: str) -> None:
        """Keep an effect from beginning until it is approved. Raises as :meth:`approve` does."""
        self._say(effect_id, approved=False)

    def pause(self, wanted: bool) -> None:
        """Begin nothing, or go on. Raises as :meth:`approve` does."""
        with self._lock:
            self._keep(self._words, wanted)

    def _say(self, effect_id: str, *, approved: bool) -> None:
        with self._lock:
            words = {key: value for key, value in self._words.items() if key != effect_id} | {effect_id: approved}
            self._keep(dict(list(words.items())[-KEPT:]), self._now.paused)

    def _keep(self, words: dict[str, bool], paused: bool) -> None:
        """Written before it holds: what the disk did not take would be forgotten by the next start."""
        document = {"format": FORMAT, "version": 1, "scope": self._scope, "paused": paused, "effects": words}
        try:
            write_json(self._path, document, mode=0o600)
        except OSError as error:
            raise ConfigurationError(
                f"{self._path} cannot be written: {error.strerror}", mend="make room on the disk; nothing was changed"
            ) from error
        self._words = words
        self._now = self._approvals(paused)

    def _approvals(self, paused: bool) -> Approvals:
        approved = frozenset(key for key, value in self._words.items() if value)
        return Approvals(approved, frozenset(self._words) - approved, paused)

    def _read(self) -> tuple[dict[str, bool], bool]:
        try:
            document = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}, False
        except (OSError, ValueError, RecursionError) as error:
            raise self._damaged(str(error)) from error
        if not isinstance(document, dict) or (document.get("format"), document.get("version")) != (FORMAT, 1):
            raise self._damaged(f"it is not {FORMAT} version 1")
        words, paused = document.get("effects"), document.get("paused")
        if not isinstance(paused, bool) or not _are_words(words):
            raise self._damaged("a member is missing or of another kind")
        return (words if document.get("scope") == self._scope else {}), paused

    def _damaged(self, why: str) -> FormatError:
        return FormatError(
            f"{self._path} cannot be read: {why}", mend="restore it, or remove it and approve anew what waits"
        )


def _are_words(words: Any) -> bool:
    return isinstance(words, dict) and all(isinstance(value, bool) for value in words.values())
