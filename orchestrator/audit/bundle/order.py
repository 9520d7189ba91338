"""The order of lines: one way only, so that equal content has equal bytes (docs/formats/bundle.md)."""

from __future__ import annotations

from orchestrator.errors import FormatError

_GROUP = {
    "object": 0,
    "transaction": 1,
    "record": 1,
    "leaves": 1,
    "attestations": 2,
    "checkpoint": 3,
    "manifest": 4,
    "awards": 5,
    "certificate": 6,
    "inclusion": 7,
}
"""Places within a group of lines that belong to a checkpoint."""
_AFTER = {"anchoring": 0, "payment": 1, "equivocation": 2, "sealed": 3, "supply": 4, "end": 5}
_MANY = frozenset({"object", "transaction", "record", "leaves", "inclusion", *_AFTER}) - {"supply", "end"}


class Order:
    """Where in the order reading is."""

    def __init__(self) -> None:
        self._first = ["bundle", "state"]
        self._group = -1
        self._anchored = False
        self._after = -1

    def take(self, kind: str) -> None:
        """Moves on to a line.

        Raises:
            FormatError: it does not belong here.
        """
        if self._first or kind in ("bundle", "state"):
            if kind != (self._first or [""])[0]:
                raise FormatError(f"a line {kind!r} does not belong here")
            self._first.pop(0)
        elif kind in _AFTER:
            self._go_on(kind, _AFTER[kind])
        else:
            self._in_group(kind)

    def end(self) -> None:
        """Refuses a file that stops before its last line."""
        if self._after != _AFTER["end"]:
            raise FormatError("it stops before its end")

    def _in_group(self, kind: str) -> None:
        place = _GROUP[kind]
        if self._after >= 0:
            raise FormatError(f"a line {kind!r} does not belong behind what is told")
        if self._anchored and place < _GROUP["checkpoint"]:
            self._group, self._anchored = -1, False
        needs = place > _GROUP["checkpoint"] and not self._anchored
        again = place == self._group and kind not in _MANY and not (kind == "attestations" and not self._anchored)
        if needs or place < self._group or again:
            raise FormatError(f"a line {kind!r} does not belong here")
        self._group = place
        self._anchored = self._anchored or kind == "checkpoint"

    def _go_on(self, kind: str, place: int) -> None:
        if place < self._after or (place == self._after and kind not in _MANY):
            raise FormatError(f"a line {kind!r} does not belong here")
        self._after = place
