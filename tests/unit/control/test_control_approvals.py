"""The operator's words outlive a restart, are one chain's only, and hold only once they are on disk."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.daemon import approvals as module
from orchestrator.daemon.approvals import FILE, KEPT, OperatorBook
from orchestrator.daemon.gate import Approvals
from orchestrator.errors import ConfigurationError, FormatError

SCOPE = "1337/0xabc"


def book(home: Path, scope: str = SCOPE) -> OperatorBook:
    return OperatorBook(home, scope)


def test_nothing_was_said_at_first(tmp_path: Path) -> None:
    assert book(tmp_path).approvals == Approvals()
    assert not (tmp_path / FILE).exists()


def test_words_outlive_a_restart_in_a_private_file(tmp_path: Path) -> None:
    first = book(tmp_path)
    first.approve("submit/1")
    first.deny("attest/1/0")
    first.pause(True)
    expected = Approvals(frozenset({"submit/1"}), frozenset({"attest/1/0"}), True)
    assert first.approvals == book(tmp_path).approvals == expected
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_the_last_word_counts(tmp_path: Path) -> None:
    said = book(tmp_path)
    said.deny("submit/1")
    said.approve("submit/1")
    assert said.approvals == Approvals(approved=frozenset({"submit/1"}))
    said.deny("submit/1")
    assert book(tmp_path).approvals == Approvals(denied=frozenset({"submit/1"}))


def test_another_chain_starts_with_no_approval_but_stays_paused(tmp_path: Path) -> None:
    said = book(tmp_path)
    said.approve("submit/1")
    said.pause(True)
    assert book(tmp_path, "1337/0xdef").approvals == Approvals(paused=True)


def test_the_oldest_words_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    said = book(tmp_path)
    for number in range(5):
        said.approve(f"submit/{number}")
    assert said.approvals.approved == {"submit/2", "submit/3", "submit/4"}
    assert KEPT == 2000


def test_what_the_disk_does_not_take_does_not_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = book(tmp_path)
    said.approve("submit/1")
    before = (tmp_path / FILE).read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "write_json", full)
    for act in (lambda: said.approve("submit/2"), lambda: said.deny("submit/1"), lambda: said.pause(True)):
        with pytest.raises(ConfigurationError, match="No space left on device; make room"):
            act()
    assert said.approvals == Approvals(approved=frozenset({"submit/1"}))
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        json.dumps({"format": "loranchor/operator", "version": 2}),
        json.dumps({"format": "loranchor/operator", "version": 1, "scope": SCOPE, "paused": "no", "effects": {}}),
        json.dumps(
            {"format": "loranchor/operator", "version": 1, "scope": SCOPE, "paused": False, "effects": {"a": 1}}
        ),
    ],
)
def test_a_damaged_file_is_told_and_not_guessed(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(FormatError, match=r"operator\.json cannot be read"):
        book(tmp_path)
