"""Up to where a chain was read, by number and hash, and earlier blocks to find where another chain branches off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from orchestrator.chain.port import ChainReader
from orchestrator.errors import ChainError
from orchestrator.types import Digest

RECENT = 64
"""Marks that are all kept; of older ones, one at each doubling of the distance."""


class Mark(NamedTuple):
    """A block that the chain had."""

    number: int
    hash: Digest


class Cursor:
    """Marks of one chain, oldest first.

    Args:
        first: the first block to be read. marks: those of an earlier process.
    """

    def __init__(self, first: int, marks: Sequence[Mark] = ()) -> None:
        self.first = first
        self.marks = list(marks)

    @property
    def last(self) -> Mark | None:
        return self.marks[-1] if self.marks else None

    def moved(self, mark: Mark) -> None:
        """All up to ``mark`` was read. What an earlier process had read is not marked again."""
        if self.last is None or mark.number > self.last.number:
            self.marks = _thinned([*self.marks, mark])

    def until(self, number: int) -> Cursor:
        """The same without the marks behind ``number``."""
        return Cursor(self.first, [mark for mark in self.marks if mark.number <= number])

    def branches_off(self, chain: ChainReader, head: int) -> int | None:
        """The last marked block that the chain of ``head`` still has; None if it has the newest one.

        Gives ``first - 1`` where it has none.
        """
        last = self.last
        if last is None or (last.number <= head and chain.block(last.number).hash == last.hash):
            return None
        known = [mark for mark in self.marks if mark.number <= head]
        found = chain.blocks([mark.number for mark in known]) if known else []
        if [block.number for block in found] != [mark.number for mark in known]:
            raise ChainError("the node answered with other blocks than were asked for", mend="read again")
        kept = self.first - 1
        for mark, block in zip(known, found, strict=True):
            if mark.hash != block.hash:
                break
            kept = mark.number
        return kept

    def document(self) -> list[list[Any]]:
        """As :meth:`restored` takes it."""
        return [list(mark) for mark in self.marks]

    @classmethod
    def restored(cls, first: int, document: Sequence[Sequence[Any]]) -> Cursor:
        return cls(first, [Mark(int(number), Digest(hash_)) for number, hash_ in document])


def _thinned(marks: list[Mark]) -> list[Mark]:
    newest = marks[-1].number
    kept: dict[int, Mark] = {}
    for mark in marks[:-RECENT]:
        kept.setdefault((newest - mark.number).bit_length(), mark)  # the oldest of each doubling
    return [*kept.values(), *marks[-RECENT:]]
