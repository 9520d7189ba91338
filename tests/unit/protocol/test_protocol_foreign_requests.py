"""Requests for content keys that a thief of a delegate's signing makes: superseded in time, so answered by nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, BOREALIS, delegate
from unit.protocol.catching_life import DORADO, Catching, caught_up
from unit.protocol.simulation import Node

from orchestrator.ledger.asked import STANDING_BLOCKS, CatchUp
from orchestrator.ledger.catch_ups import latest_catch_up, stands
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.members import NO_ADDRESS
from orchestrator.protocol import effects as fx
from orchestrator.protocol.machine import CONFIRMATION, transition
from orchestrator.protocol.rules_catching_up import TO_SUPERSEDE
from orchestrator.protocol.state import NodeState
from orchestrator.types import OrganisationId


class Theft(Catching):
    """Somebody else signs for one member's delegate, too.

    Attributes:
        lost: how many of that member's next requests the chain takes and a reorganisation drops.
    """

    def __init__(self, victim: OrganisationId = AURORA) -> None:
        super().__init__()
        self.past_rounds(1)
        if victim == DORADO:
            self.join()
        self.victim, self.lost = victim, 0

    def steal(self) -> CatchUp:
        number = self.asked_by(self.victim)
        return self.history.state.catch_ups[number]

    def perform(self, node: Node, effect: fx.Effect) -> None:
        if isinstance(effect, fx.AskCatchUp) and self.lost > 0:
            self.lost -= 1
            return
        super().perform(node, effect)

    @property
    def stolen(self) -> list[CatchUp]:
        mine = (asked for asked in self.history.state.catch_ups.values() if asked.organisation == self.victim)
        return [asked for asked in mine if asked.number not in self.made]

    @property
    def own(self) -> list[CatchUp]:
        mine = (asked for asked in self.history.state.catch_ups.values() if asked.organisation == self.victim)
        return [asked for asked in mine if asked.number in self.made]

    def check(self) -> None:
        """Nobody has answered the thief, and nobody is about to."""
        state = self.history.state
        for asked in self.stolen:
            assert not asked.answers, asked.number
            assert not stands(state, asked) or self.history.block < asked.due, (self.history.block, asked)


def test_there_is_time_for_a_request_that_is_lost_or_fails_over_and_over() -> None:
    waits = sum(2**attempt for attempt in range(1, 5))
    assert max(CONFIRMATION, waits) < TO_SUPERSEDE < STANDING_BLOCKS


def test_a_thiefs_request_is_superseded_at_once() -> None:
    life = Theft()
    asked = life.steal()
    life.step()
    assert not stands(life.history.state, asked)
    assert life.asked(fx.AskCatchUp) == [(AURORA, fx.AskCatchUp(2))]
    for _ in range(2 * STANDING_BLOCKS):
        life.step()
    life.check()
    assert len(life.own) == 1, "once is enough"
    assert life.one_time[AURORA] == set(), "what others give nobody needs, so its key is destroyed"


def test_the_key_of_a_thiefs_request_is_not_ours_to_destroy() -> None:
    life = Theft()
    asked = life.steal()
    for _ in range(10):
        life.step()
    assert fx.SettleCatchUp(asked.number) not in [effect for _, effect in life.asked(fx.SettleCatchUp)]


def test_without_the_member_s_daemon_the_thief_is_answered() -> None:
    """What remains: a daemon that is not there defends nobody."""
    life = Theft()
    del life.nodes[AURORA]
    asked = life.steal()
    life.until(lambda: bool(life.asked(fx.AnswerCatchUp)), steps=200)
    found = life.history.state.catch_ups[asked.number]
    assert all(answer.answered.block > asked.due for answer in found.answers.values())


def test_a_daemon_that_comes_back_in_time_supersedes_too() -> None:
    life = Theft()
    del life.nodes[AURORA]
    life.steal()
    for _ in range(STANDING_BLOCKS - 8):
        life.step()
    life.nodes[AURORA] = Node(NodeState(me=AURORA, ledger=LedgerState()))
    for _ in range(2 * STANDING_BLOCKS):
        life.step()
        life.check()


def test_a_member_that_lacks_keys_gets_them_whatever_a_thief_asks_meanwhile() -> None:
    life = Theft(DORADO)
    for _ in range(30):
        life.steal()
        life.step()
    assert life.missing(DORADO)
    life.until(caught_up(life, DORADO), steps=1000)
    life.check()


def test_nothing_is_superseded_that_ended_with_the_delegate() -> None:
    life = Theft()
    life.steal()
    for rotated in (False, True):
        if rotated:
            former = delegate(AURORA)
            life.history.tell("DelegateRotated", AURORA, organisation=AURORA, previous=former, current=NO_ADDRESS)
        state = NodeState(me=AURORA, ledger=life.history.state)
        _, effects = transition(state, replace(life.block_seen(), foreign_requests=frozenset({1})))
        assert (fx.AskCatchUp(2) in effects) is not rotated


def test_a_thief_of_one_member_is_nothing_to_another() -> None:
    life = Theft()
    life.steal()
    life.step()
    assert {name for name, _ in life.asked(fx.AskCatchUp)} == {AURORA}
    assert latest_catch_up(life.history.state, BOREALIS) is None


@pytest.mark.parametrize("every", [1, 7, 40])
def test_in_the_long_run_a_thief_costs_one_request_in_two_hundred_blocks(every: int) -> None:
    """It waits ever longer, as the thief's own requests are due ever later."""
    life = Theft()
    for step in count():
        if step % every == 0:
            life.steal()
        life.step()
        life.check()
        if life.history.block > 1000:
            break
    blocks = [asked.asked.block for asked in life.own]
    assert len(blocks) <= 10, blocks
    assert all(after - before >= 200 for before, after in list(pairwise(blocks))[8:]), blocks


TROUBLES: dict[str, Callable[[Theft], None]] = {
    "none": lambda life: None,
    "its sending fails": lambda life: _fail(life, 3),
    "its transaction is dropped": lambda life: setattr(life, "lost", 1),
}


def _fail(life: Theft, times: int) -> None:
    left = [times]

    def fails(effect: fx.Effect) -> bool:
        if isinstance(effect, fx.AskCatchUp) and left[0] > 0:
            left[0] -= 1
            return True
        return False

    life.fails = fails


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_whatever_the_thief_does_none_of_its_requests_becomes_due(data: st.DataObject) -> None:
    """While the member's daemon runs, looks once in four blocks, and has one trouble at a time with what it sends."""
    life = Theft(data.draw(st.sampled_from([AURORA, DORADO]), "victim"))
    for _ in range(data.draw(st.integers(1, 6), "thefts")):
        TROUBLES[data.draw(st.sampled_from([*TROUBLES]), "trouble")](life)
        for _ in range(data.draw(st.integers(1, 3), "at a go")):
            life.steal()
        if data.draw(st.booleans(), "restarts"):
            life.restart(life.victim)
        for _ in range(data.draw(st.integers(0, 90), "pause")):
            life.history.mine(data.draw(st.integers(0, 3), "blocks"))
            life.step()
            life.check()
    life.lost, life.fails = 0, lambda effect: False
    for _ in range(4 * STANDING_BLOCKS):
        life.step()
        life.check()
