"""A daemon passes a round whose task it does not accept, or that its policy leaves out; it says why, and judges on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS

from orchestrator.ledger.entities import RoundStatus
from orchestrator.participation import Notes
from orchestrator.settings import Settings, compose


def play(life: Consortium, rounds: int = 1) -> None:
    """Rounds from their opening to their end."""
    for _ in range(rounds):
        number = life.open_round(AURORA)
        life.until(lambda number=number: life.history.state.rounds[number].status is not RoundStatus.OPEN)  # type: ignore[misc]


def choose(life: Consortium, *overrides: str) -> None:
    """Aurora's settings."""
    life.services[AURORA].settings = compose(overrides)


def status(life: Consortium) -> dict[str, Any]:
    return json.loads((life.home / AURORA / "status.json").read_text())  # type: ignore[no-any-return]


def notes(life: Consortium) -> Notes:
    rounds = life.services[AURORA].private.rounds
    return Notes(life.home / AURORA, f"{rounds.chain.chain_id}/{rounds.address}")


def test_a_task_beyond_its_limits_is_passed_and_the_round_goes_on(life: Consortium) -> None:
    choose(life, "accept=any", "accept.training.steps=11", "accept.privacy.guarantee=true")
    play(life)
    round_ = life.history.state.rounds[1]
    assert round_.status is RoundStatus.CLOSED and round_.passed == frozenset({AURORA})
    assert {life.history.state.updates[item].organisation for item in round_.submissions} == {BOREALIS, CUMULUS}
    assert AURORA in round_.revealed, "it judges the others' all the same"
    assert "judge" in life.benches[AURORA].asked and "train" not in life.benches[AURORA].asked


def test_it_says_why(life: Consortium) -> None:
    choose(life, "accept=any", "accept.training.steps=11")
    said: list[dict[str, Any]] = []
    life.open_round(AURORA)
    for _ in range(8):
        life.step()
        said.append(status(life))
    (passing,) = {str(item["reasons"]) for item in said if item["stage"] == "passing"}
    assert passing == "['training.steps is 12, this organisation accepts at most 11']"


def test_within_its_limits_everybody_trains(life: Consortium) -> None:
    choose(life, "accept=any")
    play(life)
    assert len(life.history.state.rounds[1].submissions) == len(MEMBERS)


def test_a_policy_passes_what_does_not_pay_and_notes_it(life: Consortium) -> None:
    """A token is worth little here: the first round promises a third of one."""
    choose(life, "accept=any", "participation=threshold", "participation.token=0.3")
    play(life)
    assert life.history.state.rounds[1].passed == frozenset({AURORA})
    (note,) = notes(life).read()
    assert not note.decision.take_part and note.situation.expected == 99_999
    assert note.decision.why == "the expected award of 0.10 is below the cost of 1.03"


def test_a_round_is_decided_once_also_by_a_daemon_that_was_killed(life: Consortium) -> None:
    choose(life, "accept=any", "participation=threshold", "participation.token=300")
    life.open_round(AURORA)
    life.until(lambda: bool(notes(life).read()))
    life.restart(AURORA)
    choose(life, "accept=any", "participation=threshold", "participation.token=0")
    life.until(lambda: life.history.state.rounds[1].status is RoundStatus.CLOSED)
    (note,) = notes(life).read()
    assert note.decision.take_part and not life.history.state.rounds[1].passed


def test_what_was_earned_bears_on_the_next_round(life: Consortium) -> None:
    choose(life, "accept=any", "participation=q_learning", "participation.epsilon=0", "participation.token=3")
    play(life, rounds=3)
    found = notes(life).read()
    assert [note.situation.round for note in found] == [1, 2, 3]
    assert [note.situation.repeats for note in found] == [0, 1, 2]
    assert [note.decision.take_part for note in found] == [True, True, False]
    assert found[2].decision.why.startswith("learned: -0.5") and AURORA in life.history.state.rounds[3].passed


def test_settings_without_these_groups_take_part(life: Consortium, tmp_path: Path) -> None:
    life.services[AURORA].settings = Settings({})
    play(life)
    assert not life.history.state.rounds[1].passed and not (life.home / AURORA / "participation.json").exists()
