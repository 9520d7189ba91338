"""Whatever the order in which effects end, fail, or are forgotten: nothing twice at once, nothing too late."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, CUMULUS, MEMBERS, task
from unit.protocol.simulation import Node, Simulation

from orchestrator.ledger.entities import RoundStatus
from orchestrator.ledger.state import EMPTY
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.protocol.machine import transition, wanted
from orchestrator.protocol.rules_rounds import PREKEYS_KEPT
from orchestrator.protocol.state import NodeState

PHASE = {
    fx.TrainUpdate: {"submit"},
    fx.SubmitUpdate: {"submit"},
    fx.PassRound: {"submit"},
    fx.CollectUpdates: {"commit_verdicts"},
    fx.JudgeUpdates: {"commit_verdicts"},
    fx.CommitVerdicts: {"commit_verdicts"},
    fx.RevealVerdicts: {"reveal_verdicts"},
    fx.CloseRound: {"awaiting_close"},
}
SHORT = task(deadlines={"submit": 16, "release": 12, "commit": 16, "reveal": 12})


def begun() -> Simulation:
    life = Simulation(spec=SHORT)
    life.until(lambda: all(len(life.history.state.prekeys.get(name, {})) == PREKEYS_KEPT for name in MEMBERS))
    life.open_round()
    return life


class Erratic:
    """Drives one node by hand: its effects end when and how the test says; the others run as ever."""

    def __init__(self, life: Simulation) -> None:
        self.life = life
        self.node = life.nodes.pop(AURORA)
        self.under_way: dict[str, fx.Effect] = {}
        self.done: set[str] = set()
        self.given_up: set[str] = set()
        self.retry: dict[str, int] = {}

    def step(self) -> None:
        self.life.step()
        heads = self.life.block_seen()
        for effect in self.life.decide(self.node, heads):
            self.check(effect, heads)
            self.under_way[effect.id] = effect

    def check(self, effect: fx.Effect, heads: ev.BlockSeen) -> None:
        assert effect.id not in self.under_way, f"{effect.id} is asked twice at once"
        assert effect.id not in self.done and effect.id not in self.given_up, effect.id
        assert self.retry.get(effect.id, 0) <= heads.private_block, effect.id
        if type(effect) in PHASE:
            assert heads.clock is not None and heads.clock.round == effect.round  # type: ignore[attr-defined]
            assert heads.clock.phase in PHASE[type(effect)], effect.id
        if isinstance(effect, fx.ReleaseUpdate):
            assert heads.clock is not None and heads.clock.phase == "release"

    def end(self, effect: fx.Effect, how: str) -> None:
        del self.under_way[effect.id]
        if how == "done" and self.still_possible(effect):
            self.life.carry_out(self.node, effect)
            self.done.add(effect.id)
            return
        retryable = how != "gave up"
        self.node.state, _ = transition(self.node.state, ev.EffectFailed(effect.id, retryable))
        failure = self.node.state.failures[effect.id]
        if failure.retry_at is None:
            self.given_up.add(effect.id)
        else:
            self.retry[effect.id] = failure.retry_at

    def still_possible(self, effect: fx.Effect) -> bool:
        """What the contracts would say by now; another member may have been faster."""
        clock, state = self.life.block_seen().clock, self.life.history.state
        match effect:
            case fx.CloseRound():
                return clock is not None and clock.phase in PHASE[fx.CloseRound]
            case fx.RelayCheckpoint():
                return effect.sequence == len(self.life.heads)
            case fx.PublishAwards():
                return not any(isinstance(item, tuple) and item[0] == effect.sequence for item in self.life.public)
            case fx.PublishPrekeys():
                return effect.first_index == len(state.prekeys[AURORA])
            case fx.ReleaseUpdate():
                return clock is not None and clock.phase == "release"
        return type(effect) not in PHASE or (clock is not None and clock.phase in PHASE[type(effect)])


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_effect_twice_at_once_and_none_of_a_phase_that_is_over(data: st.DataObject) -> None:
    erratic = Erratic(begun())
    ways = st.sampled_from(["wait", "done", "done", "failed", "gave up"])
    for _ in range(45):
        erratic.step()
        waiting = data.draw(st.permutations(sorted(erratic.under_way))) if erratic.under_way else []
        for effect_id in waiting:
            how = data.draw(ways)
            if how != "wait":
                erratic.end(erratic.under_way[effect_id], how)
    assert erratic.life.history.state.rounds[1].status is not RoundStatus.OPEN, "the others go on without it"


@settings(max_examples=15, deadline=None)
@given(restarts=st.sets(st.tuples(st.sampled_from(MEMBERS), st.integers(0, 60)), max_size=24))
def test_a_life_with_restarts_ends_as_one_without(restarts: set[tuple[str, int]]) -> None:
    """Nothing that is on the chain already is done again: a second record would contradict the first."""
    life = begun()
    request = None
    for step in range(90):
        for name, when in restarts:
            if when == step:
                life.restart(next(member for member in MEMBERS if member == name))
        life.step()
        if request is None and life.history.state.rounds[1].status is RoundStatus.CLOSED:
            request = life.request(CUMULUS)
    assert request is not None
    life.until(lambda: life.history.state.revocations[request].shredded, steps=200)
    life.settle()
    assert sorted(life.heads) == [0, 1, 2]
    for name in MEMBERS:
        assert life.told(life.nodes[name]).ledger == life.history.state
    assert len({life.manifest(name).digest for name in MEMBERS}) == 1
    assert {entry.organisation for entry in life.manifest(AURORA).entries} == set(MEMBERS) - {CUMULUS}


def test_a_restarted_node_wants_the_same() -> None:
    """At every step of a life, a new state fed the same facts wants what the old one would, had it done none of it."""
    life, request, compared = begun(), None, 0
    for _ in range(90):
        life.step()
        heads = life.block_seen()
        for name, old in life.nodes.items():
            told = life.told(old)
            fresh = life.told(Node(NodeState(me=name, ledger=EMPTY)))
            forgetful = told.with_(in_flight=frozenset(), done=frozenset(), failures={}, turn_since={})
            states = [transition(state, heads)[0] for state in (fresh, forgetful)]
            first, second = ([effect.id for effect in wanted(state)] for state in states)
            assert first == second
            known = {effect.id for effect in wanted(transition(told, heads)[0])}
            assert {item for item in known if item not in told.done} <= set(first) | local_only(known)
            compared += len(first)
        if request is None and life.history.state.rounds[1].status is RoundStatus.CLOSED:
            request = life.request(CUMULUS)
    assert request is not None and life.history.state.revocations[request].shredded
    assert compared > 100


def local_only(ids: set[str]) -> set[str]:
    """Effects that follow one that was done without leaving anything on the chain: it is done again first."""
    follow = (fx.SubmitUpdate, fx.JudgeUpdates, fx.CommitVerdicts, fx.RecordVerification)
    return {item for item in ids if item.split("/")[0] in {kind.name for kind in follow}}
