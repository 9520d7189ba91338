"""The watcher's memory as a file: read at the start, written after every look, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.audit.plain_json import load_json
from orchestrator.audit.watch.alerts import KINDS, Alert
from orchestrator.audit.watch.observation import Asked, Mark, Roll
from orchestrator.audit.watch.state import Entry, Peak, State
from orchestrator.errors import ConfigurationError, DiskError, FormatError
from orchestrator.files import write_atomic
from orchestrator.types import Digest, OrganisationId

FORMAT = "loranchor/watch"
_MEND = "name the file of this watch, or move it away and begin anew: then everything is told again"


class Memory:
    """One file.

    Args:
        path: of the file. scope: what is watched, such as chain ids and contracts; a file of another scope is refused.
    """

    def __init__(self, path: Path, scope: Mapping[str, Any]) -> None:
        self._path, self._scope = path, dict(scope)

    def read(self) -> tuple[State, tuple[Mapping[str, Any], ...]]:
        """What is remembered, and what a webhook has not taken yet; nothing where there is no file.

        Raises:
            ConfigurationError: the file is another watch's. FormatError: it is none.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return State(), ()
        except OSError as error:
            raise ConfigurationError(f"cannot read {self._path}: {error.strerror}", mend=_MEND) from error
        document = load_json(data)
        if not isinstance(document, dict) or (document.get("format"), document.get("version")) != (FORMAT, 1):
            raise FormatError(f"{self._path} is no {FORMAT} version 1", mend=_MEND)
        if document.get("scope") != self._scope:
            raise ConfigurationError(f"{self._path} is of a watch over other chains or contracts", mend=_MEND)
        try:
            return _state(document), tuple(document["undelivered"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(f"{self._path} is damaged: {error!r}", mend=_MEND) from error

    def write(self, state: State, undelivered: Sequence[Mapping[str, Any]]) -> None:
        """Keep both.

        Raises:
            DiskError: the disk does not take it; the old file is untouched.
        """
        head = {"format": FORMAT, "version": 1, "scope": self._scope}
        document = {**head, **_document(state), "undelivered": list(undelivered)}
        data = json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"
        try:
            write_atomic(self._path, data, mode=0o600)
        except OSError as error:
            raise DiskError(f"cannot write {self._path}: {error.strerror}", mend="make room for it") from error


def _document(state: State) -> dict[str, Any]:
    roll, peak = state.roll, state.peak
    return {
        "looks": state.looks,
        "peak": None if peak is None else {"sequence": peak.sequence, "head": peak.head},
        "roll": None
        if roll is None
        else {"epoch": roll.epoch, "quorum": roll.quorum, "digest": roll.digest, "members": list(roll.members)},
        "marks": {name: {"number": mark.number, "hash": mark.hash} for name, mark in sorted(state.marks.items())},
        "objects": {
            cid: {"at": item.at, "misses": item.misses, "why": item.why} for cid, item in state.objects.items()
        },
        "entries": [_entry_document(entry) for entry in state.entries.values()],
    }


def _entry_document(entry: Entry) -> dict[str, Any]:
    alert = entry.alert
    times = {"first": entry.first, "last": entry.last, "raised": entry.raised, "acknowledged": entry.acknowledged}
    return {"kind": alert.kind.name, "subject": alert.subject, "text": alert.text, **times}


def _state(document: Mapping[str, Any]) -> State:
    peak, roll = document["peak"], document["roll"]
    entries = [_entry(item) for item in document["entries"]]
    return State(
        entries={entry.alert.id: entry for entry in entries},
        peak=None if peak is None else Peak(int(peak["sequence"]), Digest(peak["head"])),
        roll=None
        if roll is None
        else Roll(
            int(roll["epoch"]),
            int(roll["quorum"]),
            Digest(roll["digest"]),
            tuple(OrganisationId(name) for name in roll["members"]),
        ),
        marks={name: Mark(int(mark["number"]), Digest(mark["hash"])) for name, mark in document["marks"].items()},
        objects={
            cid: Asked(int(item["at"]), int(item["misses"]), str(item["why"]))
            for cid, item in document["objects"].items()
        },
        looks=int(document["looks"]),
    )


def _entry(item: Mapping[str, Any]) -> Entry:
    raised = None if item["raised"] is None else int(item["raised"])
    alert = Alert(KINDS[item["kind"]], str(item["subject"]), str(item["text"]))
    return Entry(alert, int(item["first"]), int(item["last"]), raised, bool(item["acknowledged"]))
