"""Catching up, by the rules alone: who asks when, who answers, and that neither silence nor rubbish ends it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, delegate
from unit.protocol.catching_life import CATCHING_UP, DORADO, Catching, caught_up
from unit.protocol.simulation import Node

from orchestrator.ledger.asked import STANDING_BLOCKS
from orchestrator.ledger.catch_ups import latest_catch_up
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.members import NO_ADDRESS
from orchestrator.protocol import effects as fx
from orchestrator.protocol.rules_catching_up import OTHERS_FIRST
from orchestrator.protocol.state import NodeState
from orchestrator.types import ArtefactId, OrganisationId, UpdateId

MANY = (*MEMBERS, *(OrganisationId(name) for name in ("esposa", "fenix", "gaia")))


def test_a_newcomer_asks_once_is_answered_once_and_destroys_its_key() -> None:
    life = Catching()
    life.past_rounds(2)
    life.join()
    assert len(life.missing(DORADO)) == 6
    life.until(caught_up(life))
    life.settle()
    assert len(life.asked(fx.AskCatchUp)) == len(life.asked(fx.AnswerCatchUp)) == len(life.asked(fx.OpenCatchUp)) == 1
    assert life.asked(fx.SettleCatchUp) == [(DORADO, fx.SettleCatchUp(1))] and life.one_time[DORADO] == set()


def test_nobody_asks_who_lacks_nothing() -> None:
    life = Catching()
    life.past_rounds(2)
    life.settle()
    assert [name for name, effect in life.log if isinstance(effect, CATCHING_UP)] == []


def test_a_member_without_a_prekey_in_a_round_asks_when_it_is_closed() -> None:
    """It cannot open what is sealed to the others while the round goes on, and folds the same afterwards."""
    life = Catching()
    life.settle()
    life.history.discard_prekeys(CUMULUS)
    life.open_round()
    life.until(lambda: life.history.state.open_round is None)
    assert CUMULUS not in life.history.state.rounds[1].recipients
    life.until(lambda: bool(life.asked(fx.AskCatchUp)))
    life.until(caught_up(life, CUMULUS))
    life.settle()
    assert {name for name, _ in life.asked(fx.AskCatchUp)} == {CUMULUS}
    assert life.manifest(CUMULUS) == life.manifest(AURORA) and life.manifest(AURORA).updates


def test_who_is_still_collecting_does_not_ask() -> None:
    life = Catching()
    life.past_rounds(1)
    life.join()
    node = life.nodes[DORADO]
    life.told(node)
    node.state = node.state.with_(in_flight=frozenset({fx.CollectUpdates(1).id}))
    assert not [effect for effect in life.decide(node, life.block_seen()) if isinstance(effect, CATCHING_UP)]


def test_a_compaction_that_nobody_can_open_is_asked_for_three_times() -> None:
    """Anybody may propose anything; what a quorum has agreed to is asked for as often as a contribution."""
    life = Catching(passive=[AURORA])
    life.past_rounds(1)
    life.objects_wanted = True
    proposed = UpdateId(life.history.propose(AURORA))
    for _ in range(600):
        life.step()
    asked = [name for name, _ in life.asked(fx.AskCatchUp)]
    assert asked.count(BOREALIS) == asked.count(CUMULUS) == 3
    life.keys[BOREALIS].add(proposed)
    life.history.endorse_artefact(ArtefactId(proposed), BOREALIS)
    life.history.agree(ArtefactId(proposed), BOREALIS)
    life.until(lambda: proposed in life.keys[CUMULUS], steps=400)


def test_a_silent_member_passes_its_turn_on() -> None:
    for silent in MEMBERS:
        life = Catching(passive=[silent])
        life.past_rounds(1)
        life.join()
        life.until(caught_up(life))


def test_a_restarted_asker_goes_on_with_its_request() -> None:
    life = Catching()
    life.past_rounds(1)
    life.join()
    life.until(lambda: bool(life.history.state.catch_ups))
    life.restart(DORADO)
    life.until(caught_up(life))
    assert len(life.history.state.catch_ups) == 1


def test_an_asker_that_lost_the_one_time_key_asks_again() -> None:
    life = Catching(passive=MEMBERS)
    life.past_rounds(1)
    life.join()
    life.until(lambda: bool(life.history.state.catch_ups))
    life.one_time[DORADO].clear()
    life.nodes[AURORA] = Node(NodeState(me=AURORA, ledger=LedgerState()))
    life.until(caught_up(life))
    assert latest_catch_up(life.history.state, DORADO) == life.history.state.catch_ups[2]


def test_a_request_without_answer_stands_and_is_not_repeated() -> None:
    life = Catching(passive=MEMBERS)
    life.past_rounds(1)
    life.join()
    life.until(lambda: bool(life.history.state.catch_ups))
    for _ in range(150):
        life.step()
    assert len(life.history.state.catch_ups) == 1


def test_a_member_that_lacks_keys_itself_answers_last_with_what_it_has() -> None:
    life = Catching(passive=[BOREALIS, CUMULUS])
    life.past_rounds(1)
    first = next(iter(life.history.state.updates))
    life.keys[AURORA] = {first}
    life.join()
    life.until(lambda: bool(life.asked(fx.AnswerCatchUp)), steps=200)
    asked = next(item for item in life.history.state.catch_ups.values() if item.organisation == DORADO)
    assert asked.answers[AURORA].answered.block >= asked.due + OTHERS_FIRST
    life.until(lambda: life.keys[DORADO] == {first})


def test_nothing_is_given_where_nobody_has_anything() -> None:
    life = Catching(passive=[BOREALIS, CUMULUS])
    life.past_rounds(1)
    life.keys[AURORA] = set()
    life.join()
    for _ in range(150):
        life.step()
    assert life.asked(fx.AskCatchUp) and not life.asked(fx.AnswerCatchUp)


def test_what_is_to_be_shredded_is_neither_missed_nor_given() -> None:
    life = Catching()
    life.past_rounds(1)
    revoked = next(item.id for item in life.history.state.updates.values() if item.organisation == AURORA)
    life.history.request(AURORA, [revoked])
    life.join()
    life.until(caught_up(life))
    assert revoked not in life.keys[DORADO]
    assert all(revoked not in given for given in life.objects.values())


def test_a_request_of_a_rotated_delegate_is_answered_by_nobody() -> None:
    life = Catching(passive=MEMBERS)
    life.past_rounds(1)
    life.join()
    life.until(lambda: bool(life.history.state.catch_ups))
    del life.nodes[DORADO]
    life.history.tell("DelegateRotated", DORADO, organisation=DORADO, previous=delegate(DORADO), current=NO_ADDRESS)
    life.nodes[AURORA] = Node(NodeState(me=AURORA, ledger=LedgerState()))
    for _ in range(100):
        life.step()
    assert not life.asked(fx.AnswerCatchUp)


def test_who_asks_in_every_block_is_not_answered_in_every_block() -> None:
    """None of them stands long enough to get one; the last does."""
    life = Catching()
    life.past_rounds(1)
    life.join()
    spammer = life.nodes.pop(DORADO)
    for _ in range(60):
        life.perform(spammer, fx.AskCatchUp(0))
        life.step()
    assert len(life.history.state.catch_ups) == 60
    assert not life.asked(fx.AnswerCatchUp)
    life.until(lambda: bool(life.asked(fx.AnswerCatchUp)), steps=300)
    asked = life.history.state.catch_ups[60]
    assert next(iter(asked.answers.values())).answered.block > asked.due > asked.asked.block + STANDING_BLOCKS


def test_an_answer_is_kept_while_its_request_stands() -> None:
    life = Catching(liars=[AURORA], greedy=[AURORA])
    life.past_rounds(1)
    life.join()
    life.until(caught_up(life))
    life.settle()
    assert list(life.history.state.catch_ups) == [1, 2]
    assert life.asked(fx.ForgetAnswer) == [(AURORA, fx.ForgetAnswer(1))]


@pytest.mark.parametrize("count", [3, 4, 6])
def test_one_greedy_liar_costs_one_more_request(count: int) -> None:
    members = MANY[:count]
    for liar in members:
        life = Catching(members, liars=[liar], greedy=[liar])
        life.past_rounds(1)
        life.join()
        life.until(caught_up(life), steps=160)
        assert len(life.history.state.catch_ups) <= 2


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_one_honest_member_is_enough(data: st.DataObject) -> None:
    """Whoever the others are: silent, lying in their turn, or quick to answer everything with rubbish."""
    members = MANY[: data.draw(st.integers(3, 6), "members")]
    honest = data.draw(st.sampled_from(members), "honest")
    manners = {
        name: data.draw(st.sampled_from(["silent", "lies", "greedy"]), name) for name in members if name != honest
    }
    life = Catching(
        members,
        passive=[name for name, manner in manners.items() if manner != "lies"],
        liars=[name for name, manner in manners.items() if manner != "silent"],
        greedy=[name for name, manner in manners.items() if manner == "greedy"],
    )
    life.past_rounds(1)
    life.join()
    life.until(caught_up(life), steps=1000)
    assert len(life.history.state.catch_ups) <= len(members)
