"""Marks of what was read: dense at the end, sparse before."""

from __future__ import annotations

from unit.ledger.actors import word_of

from orchestrator.daemon.cursor import RECENT, Cursor, Mark


def marks(*numbers: int) -> list[Mark]:
    return [Mark(number, word_of("block", number)) for number in numbers]


def test_marks_are_dense_at_the_end_and_reach_back_to_the_beginning() -> None:
    cursor = Cursor(0)
    for number in range(100_000):
        cursor.moved(Mark(number, word_of(1)))
    numbers = [mark.number for mark in cursor.marks]
    assert numbers == sorted(set(numbers)) and len(numbers) < RECENT + 20
    assert numbers[0] == 0 and numbers[-RECENT:] == list(range(100_000 - RECENT, 100_000))


def test_a_cursor_is_kept_and_restored() -> None:
    cursor = Cursor(3, marks(4, 9))
    again = Cursor.restored(3, cursor.document())
    assert again.marks == cursor.marks and again.last == marks(9)[0]
    again.moved(marks(7)[0])
    assert again.last == marks(9)[0], "what was read before is not marked again"
    again = again.until(8)
    assert again.last == marks(4)[0]
