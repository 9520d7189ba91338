"""The operator's words outlive a restart, are one chain's only, and hold only once they are on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.daemon.approvals import OperatorBook
from orchestrator.daemon.gate import Approvals
from orchestrator.daemon.journal import Journal
from orchestrator.errors import DiskError


def book(home: Path, scope: str = "1337/0xabc") -> OperatorBook:
    return OperatorBook(Journal(home, scope))


def test_nothing_was_said_at_first(tmp_path: Path) -> None:
    assert book(tmp_path).approvals == Approvals()


def test_words_outlive_a_restart(tmp_path: Path) -> None:
    first = book(tmp_path)
    first.approve("submit/1")
    first.deny("attest/1/0")
    first.pause(True)
    expected = Approvals(frozenset({"submit/1"}), frozenset({"attest/1/0"}), True)
    assert first.approvals == book(tmp_path).approvals == expected


def test_the_last_word_counts(tmp_path: Path) -> None:
    said = book(tmp_path)
    said.deny("submit/1")
    said.approve("submit/1")
    assert said.approvals == Approvals(approved=frozenset({"submit/1"}))
    said.deny("submit/1")
    said.pause(True)
    said.pause(False)
    assert book(tmp_path).approvals == Approvals(denied=frozenset({"submit/1"}))


def test_another_chain_starts_with_no_word(tmp_path: Path) -> None:
    said = book(tmp_path)
    said.approve("submit/1")
    assert book(tmp_path, "1337/0xdef").approvals == Approvals()


def test_what_the_disk_does_not_take_does_not_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, "1337/0xabc")
    said = OperatorBook(journal)
    said.approve("submit/1")

    def full(*_: Any, **__: Any) -> None:
        raise DiskError("the disk is full", mend="make room")

    monkeypatch.setattr(journal, "put", full)
    for act in (lambda: said.approve("submit/2"), lambda: said.deny("submit/1"), lambda: said.pause(True)):
        with pytest.raises(DiskError):
            act()
    assert said.approvals == Approvals(approved=frozenset({"submit/1"}))
    monkeypatch.undo()
    assert book(tmp_path).approvals == said.approvals
