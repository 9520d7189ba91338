"""What a revocation takes out, and the figures around it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.entities import Mode as MODES
from orchestrator.types import UpdateId
from orchestrator.unlearning import compare, mode, modes

A, B, C = (UpdateId(letter) for letter in "abc")


def test_drop_takes_the_revoked_and_leaves_descendants() -> None:
    assert mode("drop").leaving([A, B], [A, C], [B]) == {A}
    assert "descendants" in mode("drop").limits


def test_unknown_mode() -> None:
    assert modes() == tuple(sorted(MODES)) == ("drop", "heal", "replay")
    with pytest.raises(ConfigurationError, match="unknown revocation mode 'forget'"):
        mode("forget")


def test_heal_takes_what_drop_takes_and_replay_the_descendants_too() -> None:
    assert mode("heal").leaving([A, B], [A, C], [B]) == {A}
    assert mode("replay").leaving([A, B], [A], [B, C]) == {A, B}
    assert "own copy" in mode("heal").limits and "bit for bit" in mode("replay").limits


class Shelf:
    """Stands for a folded model: remembers what it was moved to."""

    def __init__(self) -> None:
        self.held: list[str] = []

    def move(self, entries: Iterable[str], opener: object) -> None:
        self.held = list(entries)


def test_before_and_after() -> None:
    shelf = Shelf()
    found = compare(shelf, ["a", "b"], ["b"], None, lambda: (len(shelf.held), 7), metric="loss")
    assert (found.metric, found.before, found.after, found.samples) == ("loss", 2, 1, 7)
    assert shelf.held == ["b"]
