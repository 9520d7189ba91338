"""The notes of an organisation's decisions: `<home>/participation.json`, private to its owner."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestrator.errors import FormatError
from orchestrator.files import write_json
from orchestrator.participation.experience import Note
from orchestrator.participation.policy import Decision, Situation
from orchestrator.types import Digest

FILE = "participation.json"
FORMAT = "loranchor/participation"
_MEND = "remove it: what was learned is lost, and nothing else"


class Notes:
    """Decisions by round, for one round ledger: a home in front of another chain begins anew.

    Args:
        ledger: which rounds are meant, such as chain id and address of the ``RoundLedger``.
    """

    def __init__(self, home: Path, ledger: str) -> None:
        self._path = home / FILE
        self._ledger = ledger

    def read(self) -> tuple[Note, ...]:
        """All notes, in the order they were made.

        Raises:
            FormatError: the file is damaged or of another version.
        """
        try:
            document = json.loads(self._path.read_text("utf-8"))
            if (document["format"], document["version"]) != (FORMAT, 1):
                raise FormatError(f"{self._path} is not {FORMAT} version 1", mend="upgrade LoRAnchor, or remove it")
            listed: Sequence[Any] = document["ledgers"].get(self._ledger, ())
            return tuple(_note(item) for item in listed)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError(f"{self._path} cannot be read: {error!r}", mend=_MEND) from error

    def add(self, note: Note) -> None:
        """Keep one more; on return it is on disk."""
        former = self.read()
        ledgers = json.loads(self._path.read_text("utf-8"))["ledgers"] if self._path.exists() else {}
        ledgers[self._ledger] = [_document(item) for item in (*former, note)]
        write_json(self._path, {"format": FORMAT, "version": 1, "ledgers": ledgers}, mode=0o600)


def _document(note: Note) -> dict[str, Any]:
    decision = {"take_part": note.decision.take_part, "why": note.decision.why}
    return {"situation": note.situation.document(), "data": note.data, "decision": decision}


def _note(item: Any) -> Note:
    decision = Decision(bool(item["decision"]["take_part"]), str(item["decision"]["why"]))
    return Note(Situation.of(item["situation"]), Digest(item["data"]), decision)
