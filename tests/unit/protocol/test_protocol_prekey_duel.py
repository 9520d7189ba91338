"""Prekeys that come back again and again: of a second daemon of the same organisation, or of a thief who stays."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from unit.ledger.actors import AURORA, BOREALIS, CUMULUS
from unit.ledger.history import History

from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.keys import QUIET_BLOCKS
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.protocol.machine import transition
from orchestrator.protocol.rules_rounds import PREKEYS_KEPT
from orchestrator.protocol.state import NodeState
from orchestrator.types import Address, Digest


class Twin:
    """One of two daemons of aurora. Each has a keystore of its own, so that the other's prekeys are foreign to it."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.state = NodeState(me=AURORA, ledger=LedgerState())
        self.own: set[Digest] = set()
        self.published: list[int] = []
        self.discarded: list[int] = []
        self._read = 0

    def learn(self) -> None:
        for record in self.history.records[self._read :]:
            self.state, _ = transition(self.state, ev.RecordSeen(record))
        self._read = len(self.history.records)

    def act(self) -> None:
        published = self.state.ledger.prekeys.get(AURORA, {}).values()
        foreign = frozenset(item.digest for item in published if item.unused) - self.own
        seen = ev.BlockSeen(self.history.block, 1, None, foreign_prekeys=foreign)
        self.state, effects = transition(self.state, seen)
        for effect in effects:
            if isinstance(effect, fx.PublishPrekeys):
                self._publish(effect.count)
            elif isinstance(effect, fx.DiscardPrekeys) and unused(self.history):
                self.history.discard_prekeys(AURORA)
                self.discarded.append(self.history.block)
            self.state, _ = transition(self.state, ev.EffectCompleted(effect.id))

    def _publish(self, count: int) -> None:
        before = set(self.history.state.prekeys.get(AURORA, {}))
        self.history.publish_prekeys(AURORA, count)
        after = self.history.state.prekeys[AURORA]
        self.own |= {after[index].digest for index in after if index not in before}
        self.published.append(self.history.block)


def unused(history: History) -> set[Digest]:
    return {item.digest for item in history.state.prekeys.get(AURORA, {}).values() if item.unused}


def duel(blocks: int, stride: int = 1) -> tuple[list[int], int]:
    """Blocks of the discardings, and how many prekeys both published; the daemons look once in ``stride`` blocks."""
    history = History(prekeys=0)
    twins = (Twin(history), Twin(history))
    end = history.block + blocks
    while history.block < end:
        history.mine(stride)
        for twin in twins:
            twin.learn()
        for twin in twins:
            twin.act()
    return sorted(block for twin in twins for block in twin.discarded), len(history.state.prekeys[AURORA])


def test_two_daemons_of_one_organisation_take_prekeys_back_ever_more_slowly() -> None:
    discarded, published = duel(200)
    gaps = [after - before for before, after in pairwise(discarded)]
    assert 3 <= len(discarded) <= 8, discarded
    assert all(gap >= 2**count for count, gap in enumerate(gaps, 1)), gaps
    assert published <= 2 * PREKEYS_KEPT * (len(discarded) + 1)


def test_in_the_long_run_they_take_them_back_once_in_four_thousand_blocks() -> None:
    """The longest wait is not itself the quiet after which the count starts anew."""
    discarded, _ = duel(40_000, stride=8)
    assert 0 < sum(block > 20_000 for block in discarded) <= 5


def waiting() -> tuple[History, NodeState, ev.BlockSeen]:
    """Aurora has taken its prekeys back once; what is there now is a thief's."""
    history = History(prekeys=PREKEYS_KEPT)
    history.discard_prekeys(AURORA)
    history.publish_prekeys(AURORA, 2)
    state = NodeState(me=AURORA, ledger=history.state)
    return history, state, ev.BlockSeen(history.block, 1, None, foreign_prekeys=frozenset(unused(history)))


def wanted_of(state: NodeState, seen: ev.BlockSeen) -> list[fx.Effect]:
    kinds = (fx.PublishPrekeys, fx.DiscardPrekeys)
    return [effect for effect in transition(state, seen)[1] if isinstance(effect, kinds)]


def test_nothing_is_published_before_it_is_time_to_take_the_foreign_ones_back() -> None:
    _, state, seen = waiting()
    block = state.ledger.discardings[AURORA].block
    assert wanted_of(state, replace(seen, private_block=block + 1)) == []
    assert wanted_of(state, replace(seen, private_block=block + 2)) == [fx.DiscardPrekeys(PREKEYS_KEPT, 2)]


def test_the_wait_is_each_members_own() -> None:
    history, _, seen = waiting()
    theirs = frozenset(item.digest for item in history.state.prekeys[BOREALIS].values())
    state = NodeState(me=BOREALIS, ledger=history.state)
    told = replace(seen, foreign_prekeys=theirs)
    assert wanted_of(state, told) == [fx.DiscardPrekeys(0, PREKEYS_KEPT)]


def test_a_new_delegate_does_not_wait_for_what_the_thief_of_the_old_one_did() -> None:
    history, _, _ = waiting()
    for _ in range(5):
        history.discard_prekeys(AURORA)
        history.publish_prekeys(AURORA, 2)
    seen = ev.BlockSeen(history.block, 1, None, foreign_prekeys=frozenset(unused(history)))
    state = NodeState(me=AURORA, ledger=history.state)
    assert wanted_of(state, seen) == []
    new, former = Address("0x" + "7e" * 20), history.state.members.seats[AURORA].delegate
    history.tell("DelegateRotated", AURORA, organisation=AURORA, previous=former, current=new)
    state = NodeState(me=AURORA, ledger=history.state)
    (effect,) = wanted_of(state, replace(seen, private_block=history.block))
    assert isinstance(effect, fx.DiscardPrekeys)


def test_discardings_are_counted_until_a_long_quiet() -> None:
    history = History(prekeys=1)
    streaks = []
    for gap in (2, 2, QUIET_BLOCKS - 1, QUIET_BLOCKS, 2):
        history.publish_prekeys(AURORA, 1)
        history.mine(gap - 2)  # publishing and taking back are a block each
        history.discard_prekeys(AURORA)
        streaks.append(history.state.discardings[AURORA].streak)
    assert streaks == [1, 2, 3, 1, 2]
    assert CUMULUS not in history.state.discardings
    assert history.state.discardings[AURORA].block == history.block
