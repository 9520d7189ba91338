"""Why rounds failed, what they cost, whom open ones wait for: in words that follow from the records alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS
from unit.ledger.history import History

from orchestrator.chain.structs import Phase
from orchestrator.disputes.rounds import (
    Spent,
    failure_of,
    next_steps,
    open_round_of,
    spent_by,
    spent_words,
    waiting_for,
    waits_until,
)
from orchestrator.errors import ProtocolError
from orchestrator.ledger.entities import LedgerState
from orchestrator.types import OrganisationId


def steps(state: LedgerState, number: int, phase: Phase = Phase.FAILED) -> list[str]:
    return list(next_steps(state, state.rounds[number], phase, block=10, deadline=15))


def test_too_few_submitted_names_everybody() -> None:
    history = History()
    number = history.open_round()
    history.submit(BOREALIS)
    history.tell("RoundPassed", CUMULUS, round_id=number, organisation=CUMULUS)
    found = history.state.rounds[number]
    assert failure_of(history.state, found) == ""
    assert waiting_for(history.state, found, Phase.SUBMIT) == (AURORA,)
    history.fail("too few submitted")
    told = failure_of(history.state, history.state.rounds[number])
    assert told == "too few submitted: 1 of at least 1; submitted by borealis; passed by cumulus; nothing from aurora"


@pytest.mark.parametrize(
    ("bare", "said"),
    [
        (MEMBERS, "nobody had an unused prekey when it opened, so no update could be sealed"),
        ([CUMULUS], "no update could be sealed to cumulus, without an unused prekey when it opened"),
    ],
)
def test_too_few_submitted_for_want_of_prekeys(bare: list[OrganisationId], said: str) -> None:
    history = History()
    for name in bare:
        history.discard_prekeys(name)
    number = history.open_round()
    history.fail("too few submitted")
    told = failure_of(history.state, history.state.rounds[number])
    assert told.endswith(f"nothing from aurora, borealis, cumulus; {said}")


def test_who_has_not_acted_in_each_phase() -> None:
    history = History()
    number = history.open_round()
    history.submit(AURORA)
    first, second = history.submit(AURORA), history.submit(BOREALIS)
    history.release(second)
    state = history.state
    assert waiting_for(state, state.rounds[number], Phase.RELEASE) == (AURORA,)
    history.release(first)
    history.judge(CUMULUS, {first: 1, second: 2})
    state = history.state
    assert waiting_for(state, state.rounds[number], Phase.COMMIT_VERDICTS) == (AURORA, BOREALIS)
    assert waiting_for(state, state.rounds[number], Phase.REVEAL_VERDICTS) == ()
    assert waiting_for(state, state.rounds[number], Phase.AWAITING_CLOSE) == ()
    assert steps(state, number, Phase.AWAITING_CLOSE) == [
        "its phases are over: any member ends it with `loranchor round close`"
    ]
    assert steps(state, number, Phase.COMMIT_VERDICTS) == ["waiting for aurora, borealis, up to block 15 (5 left)"]


def test_an_abandoned_round_names_who_wanted_it() -> None:
    history = History()
    number = history.open_round()
    history.abandon(CUMULUS)
    assert steps(history.state, number, Phase.SUBMIT)[1:] == ["cumulus would abandon it (1 of 2 needed)"]
    history.abandon(AURORA)
    history.fail("abandoned")
    found = history.state.rounds[number]
    assert failure_of(history.state, found) == "abandoned: aurora, cumulus wanted it to fail, 2 members were needed"


def test_a_revocation_that_interrupts_is_named() -> None:
    history = History()
    updates = history.round()
    number = history.open_round()
    request_id = history.request(BOREALIS, [updates[BOREALIS]])
    history.fail("revocation")
    assert request_id in failure_of(history.state, history.state.rounds[number])
    told = steps(history.state, number)
    assert request_id[:14] in told[0]
    assert "loranchor round open" in told[-1]
    assert failure_of(history.state, replace(history.state.rounds[number], failure="strange")) == "strange"


def test_only_the_newest_failure_says_what_comes_next() -> None:
    history = History(prekeys=1)
    first = history.open_round()
    history.fail("too few submitted")
    assert any("no unused prekey of aurora, borealis, cumulus" in item for item in steps(history.state, first))
    history.open_round()
    assert steps(history.state, first) == []


def test_epsilon_counts_on_recording_by_task() -> None:
    history = History()
    history.open_round()
    one = history.submit(AURORA)
    history.fail("too few released")
    number = history.open_round()
    two, three = history.submit(AURORA), history.submit(BOREALIS)
    history.fail("too few released")
    state = history.state
    recorded = {one: 400_000, two: 900_000, three: 0}
    updates = {key: replace(state.updates[key], epsilon=value) for key, value in recorded.items()}
    state = state.with_(updates=dict(state.updates) | updates)
    spent = spent_by(state, state.rounds[number])
    assert spent == Spent(tuple(sorted(MEMBERS)), {AURORA: (400_000, 900_000)})
    assert spent_words(spent) == "one prekey each of aurora, borealis, cumulus; ε aurora 0.4 → 0.9"
    assert spent_words(Spent((), {})) == "no prekey; ε none"


@pytest.mark.parametrize(
    ("number", "words"), [(None, "no round is open"), (1, "round 1 has failed already"), (7, "no round is open")]
)
def test_there_may_be_no_round_to_act_on(number: int | None, words: str) -> None:
    history = History()
    history.open_round()
    history.fail("too few submitted")
    with pytest.raises(ProtocolError, match=words):
        open_round_of(history.state, number)


def test_the_round_that_is_meant_is_the_open_one() -> None:
    history = History()
    history.round()
    number = history.open_round()
    assert open_round_of(history.state, None).id == number
    assert open_round_of(history.state, number).id == number
    with pytest.raises(ProtocolError, match="round 1 is closed already"):
        open_round_of(history.state, 1)
    with pytest.raises(ProtocolError, match="there is no round 9; round 2 is open"):
        open_round_of(history.state, 9)


def test_whose_rounds_come_to_nothing_waits_twice_as_long_each_time() -> None:
    history = History(prekeys=9)
    history.round()
    assert waits_until(history.state, AURORA) == 0
    for wait in (2, 4, 8):
        number = history.open_round()
        history.fail("too few submitted")
        assert waits_until(history.state, AURORA) == history.block + wait
    assert waits_until(history.state, BOREALIS) == 0
    found, over = history.state.rounds[number], history.block + 8
    told = list(next_steps(history.state, found, Phase.FAILED, over - 1, 0))
    assert told[-1] == f"aurora opens again after block {over}, and waits twice as long each time; others do not"
    assert list(next_steps(history.state, found, Phase.FAILED, over, 0)) == told[:-1]
    history.round()
    assert waits_until(history.state, AURORA) == 0


def test_a_round_without_an_accepted_update_comes_to_nothing_and_an_interrupted_one_does_not() -> None:
    history = History(prekeys=9)
    updates = history.round()
    number = history.open_round()
    history.release(history.submit(AURORA))
    history.close()
    assert waits_until(history.state, AURORA) == history.block + 2
    assert steps(history.state, number, Phase.CLOSED) == [
        f"aurora opens again after block {history.block + 2}, and waits twice as long each time; others do not"
    ]
    history.open_round()
    history.request(BOREALIS, [updates[BOREALIS]])
    before = waits_until(history.state, AURORA)
    history.fail("revocation")
    assert waits_until(history.state, AURORA) == before
