"""Manifests that are made one after the other are those that are made from nothing, to the bit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ledger.actors import MEMBERS, MODES, task, word_of
from unit.ledger.compacted import agree, rounds
from unit.ledger.history import History, life

from orchestrator.errors import ProtocolError
from orchestrator.ledger.contributions import live_contributions
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.manifest import build_manifest
from orchestrator.ledger.manifest_fold import ManifestFold
from orchestrator.ledger.state import EMPTY, apply
from orchestrator.ledger.view import anchored_manifest

OTHER_BASE = {"digest": word_of("another base"), "architecture": "llama", "kind": "causal_lm"}
TASKS = (
    task(),
    task(weights="samples"),
    task(weights="scores"),
    task(lineage="isolated"),
    task(base=OTHER_BASE),
)


def states(history: History) -> Iterator[LedgerState]:
    """Those after every record."""
    state = EMPTY
    for record in history.records:
        state = apply(state, record)
        yield state


def kept(state: LedgerState, final: LedgerState) -> LedgerState:
    """As an audit remembers it: with the updates of the end."""
    return state.with_(updates=final.updates, prekeys={})


def compare(history: History, seen: list[LedgerState]) -> None:
    fold = ManifestFold(history.tasks)
    for state in seen:
        expected = anchored_manifest(state, history.tasks)
        found = fold.anchored(kept(state, history.state))
        assert found == expected
        if expected is None or found is None:
            continue
        assert (found.digest, found.document) == (expected.digest, expected.document)
        for spec in history.tasks.values():  # whose rules another round would be opened under
            known = build_manifest(state, spec, history.tasks)
            assert fold.build(kept(state, history.state), spec).document == known.document


@st.composite
def histories(draw: st.DrawFn) -> tuple[History, list[LedgerState]]:
    """Some rounds, with revocations between them, and the states at the ends of both."""
    history, seen = History(), []
    for _ in range(draw(st.integers(1, 4))):
        names = draw(st.lists(st.sampled_from(MEMBERS), min_size=1, unique=True))
        samples = {name: draw(st.integers(1, 500)) for name in names}
        history.round(draw(st.sampled_from(TASKS)), participants=sorted(names), samples=samples)
        seen.append(history.state)
        live = live_contributions(history.state, history.tasks)
        if live and draw(st.booleans()):
            chosen = draw(st.sampled_from(live))
            owner = history.state.updates[chosen].organisation
            history.replace(history.request(owner, [chosen], mode=draw(st.sampled_from(MODES))))
            seen.append(history.state)
    return history, seen


@settings(max_examples=20)
@given(made=histories())
def test_each_manifest_is_the_one_that_is_made_from_nothing(made: tuple[History, list[LedgerState]]) -> None:
    compare(*made)


def test_a_whole_life_and_one_with_a_compaction() -> None:
    compact, _ = rounds(2)
    agree(compact, 1)
    compact.round()
    for history in (life(), compact):
        compare(history, [*list(states(history))[::7], history.state])


def test_states_may_come_in_any_order() -> None:
    history = life()
    seen = [history.state, *list(states(history))[::9]]
    compare(history, seen[::-1])


def test_what_a_closed_round_has_added_does_not_change() -> None:
    history = life()
    for state in states(history):
        for number, round_ in state.rounds.items():
            if round_.active is not None:
                assert round_.active == history.state.rounds[number].active


def test_a_task_that_is_not_at_hand_is_named() -> None:
    history = life()
    with pytest.raises(ProtocolError, match="the task of round 1 is not at hand"):
        ManifestFold({}).build(history.state, task())
