"""A member that is slow is told, with the number of blocks; one that has acted is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.ledger.actors import AURORA
from unit.protocol.simulation import PHASES, Simulation

from orchestrator.daemon.deadlines import WORDS, OwnAct, own_act
from orchestrator.protocol.state import NodeState


def slow(phase: str) -> NodeState:
    """Aurora's state in a phase in which it does nothing, while the others act."""
    life = Simulation()
    life.until(lambda: all(name in life.history.state.prekeys for name in life.nodes))
    life.open_round()
    act = {"submit": "submit", "release": "release", "commit_verdicts": "commit-verdicts",
           "reveal_verdicts": "reveal-verdicts"}[phase]  # fmt: skip
    life.fails = lambda effect: effect.name == act
    life.until(lambda: life.clock is not None and life.clock.phase == phase)
    life.step()
    return life.nodes[AURORA].state


@pytest.mark.parametrize("phase", PHASES)
def test_what_is_missing_is_named_in_each_phase(phase: str) -> None:
    state = slow(phase)
    act = own_act(state)
    assert act is not None and state.clock is not None
    assert (act.round, act.phase) == (1, phase)
    assert act.left == state.clock.deadline - state.private_block
    assert WORDS[phase] in act.words and f"ends in {act.left} blocks" in act.words


def test_whoever_has_acted_is_waited_for_no_more() -> None:
    life = Simulation()
    life.until(lambda: all(name in life.history.state.prekeys for name in life.nodes))
    assert own_act(life.nodes[AURORA].state) is None, "no round is open"
    life.open_round()
    seen = set()
    for _ in range(40):
        life.step()
        node = life.nodes[AURORA]
        state = life.told(node).with_(clock=life.clock, private_block=life.history.block)
        if life.clock is not None and own_act(state) is None:
            seen.add(life.clock.phase)
    assert seen >= {"submit", "release", "commit_verdicts"}


def test_no_member_is_told_nothing() -> None:
    state = slow("submit")
    found = state.ledger.rounds[1]
    others = {name: member for name, member in found.members.items() if name != AURORA}
    ledger = replace(state.ledger, rounds={1: replace(found, members=others)})
    assert own_act(replace(state, ledger=ledger)) is None


@pytest.mark.parametrize(
    ("left", "length", "pressing"),
    [
        (100, 100, False),
        (26, 100, False),
        (25, 100, True),
        (3, 4, True),
        (4, 4, False),
        (0, 100, True),
        (-7, 100, True),
    ],
)
def test_the_last_quarter_presses(left: int, length: int, pressing: bool) -> None:
    assert OwnAct(1, "submit", left, length).pressing is pressing


def test_late_is_said_with_its_blocks() -> None:
    assert OwnAct(4, "reveal_verdicts", -7, 20).words == (
        "round 4: reveal verdicts ended 7 blocks ago, and this organisation has not revealed its verdicts"
    )
