"""Requests for content keys that a thief makes in a member's name: told once, superseded, unanswered. Real keys."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from unit.daemon.catching import DORADO, Catching
from unit.ledger.actors import AURORA, BOREALIS

from orchestrator.daemon.alarms import FOREIGN_CATCH_UP
from orchestrator.daemon.foreign_requests import ForeignRequests
from orchestrator.daemon.gate import Approvals, Gate, Mode
from orchestrator.daemon.journal import Alarm
from orchestrator.daemon.tally import Tally
from orchestrator.ledger.asked import STANDING_BLOCKS
from orchestrator.ledger.catch_ups import latest_catch_up, stands
from orchestrator.protocol import effects as fx
from orchestrator.types import OrganisationId

LONGER = 2 * STANDING_BLOCKS


@pytest.fixture
def life(catching: Catching) -> Catching:
    return catching


def alarms(life: Catching, name: OrganisationId = AURORA) -> list[Alarm]:
    return [alarm for alarm in life.services[name].journal.alarms() if alarm.name == FOREIGN_CATCH_UP]


def steps(life: Catching, count: int) -> None:
    for _ in range(count):
        life.step()


def test_a_thief_gets_nothing_and_the_operator_is_told(life: Catching, caplog: pytest.LogCaptureFixture) -> None:
    number = life.steal(AURORA)
    life.step()
    assert not stands(life.history.state, life.history.state.catch_ups[number])
    (alarm,) = alarms(life)
    assert alarm.text.startswith(f"request {number} for content keys in this organisation's name")
    assert "rotate the delegate" in alarm.text and "nobody has answered" in alarm.text
    assert [record.levelname for record in caplog.records if FOREIGN_CATCH_UP in record.message] == ["WARNING"]
    steps(life, LONGER)
    assert not life.history.state.catch_ups[number].answers
    assert not alarms(life, BOREALIS), "it is nobody else's"
    own = latest_catch_up(life.history.state, AURORA)
    assert own is not None and own.key_digest not in life.keystores[AURORA].prekeys()


def test_a_cleared_alarm_comes_back_with_the_next_request_only(life: Catching) -> None:
    life.steal(AURORA)
    life.step()
    life.services[AURORA].journal.clear_alarm(FOREIGN_CATCH_UP)
    steps(life, 3)
    life.restart(AURORA)
    steps(life, 3)
    assert not alarms(life)
    second = life.steal(AURORA)
    life.step()
    assert [alarm.text.split()[1] for alarm in alarms(life)] == [str(second)]


def test_own_requests_are_nobody_elses(life: Catching) -> None:
    """Neither while they stand, nor when their keys are destroyed, nor after a restart."""
    life.join()
    life.until(life.caught_up())
    steps(life, 3)
    life.restart(DORADO)
    steps(life, 3)
    assert not alarms(life, DORADO) and len(life.history.state.catch_ups) == 1
    assert not life.keystores[DORADO].prekeys().count(life.history.state.catch_ups[1].key_digest)


def test_who_comes_back_too_late_reads_who_gave_the_keys(life: Catching) -> None:
    """And while it was told before that nobody had answered, that is replaced."""
    del life.nodes[AURORA]
    number = life.steal(AURORA)
    foreign = life.foreign[AURORA]
    foreign.compared(life.block_seen(), life.history.state)
    assert "nobody has answered" in alarms(life)[0].text
    life.until(lambda: bool(life.history.state.catch_ups[number].answers), steps=LONGER)
    (answerer,) = life.history.state.catch_ups[number].answers
    foreign.compared(life.block_seen(), life.history.state)
    (alarm,) = alarms(life)
    assert f"{answerer} gave whoever asked all content keys" in alarm.text and "nobody" not in alarm.text


def test_a_keystore_that_was_restored_knows_no_request(life: Catching) -> None:
    """It cannot tell its own former requests from a thief's, and says so."""
    life.join()
    life.until(life.caught_up())
    restored = replace(life.services[DORADO], keystore=life.keystores[AURORA])
    seen = ForeignRequests(restored).compared(life.block_seen(), life.history.state)
    assert seen.foreign_requests == {1}
    assert "before this home was restored from a backup" in alarms(life, DORADO)[0].text


def test_oversight_holds_answers_until_each_is_approved() -> None:
    answer, ask = fx.AnswerCatchUp(DORADO, 1), fx.AskCatchUp(2)
    oversight = Gate(Mode.OVERSIGHT)
    assert oversight.passed([answer, ask], Approvals()) == ((ask,), (answer,)), "its own defence it does not hold"
    approved = Approvals(approved=frozenset({answer.id}))
    assert oversight.lets(answer, approved) and not oversight.lets(fx.AnswerCatchUp(DORADO, 2), approved)


def test_who_gives_keys_says_to_whom_and_how_many(life: Catching, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    life.join()
    life.until(life.caught_up())
    ((answerer, _),) = life.asked(fx.AnswerCatchUp)
    journal = life.services[answerer].journal
    (told,) = [item for item in journal.events() if item["event"] == "catch-up-answered"]
    assert (told["asker"], told["catch_up"], told["keys"]) == (DORADO, 1, 3)
    assert "gave dorado 3 content keys, for its request 1" in caplog.text
    tally = Tally(journal)
    tally.update()
    assert tally.given == {DORADO: 3}
