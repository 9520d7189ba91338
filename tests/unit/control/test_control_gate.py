"""What waits in which mode."""

from __future__ import annotations

from dataclasses import is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.ledger.actors import word_of

from orchestrator.daemon.gate import REACH, Approvals, Gate, Mode, Reach, reach_of
from orchestrator.protocol import effects as fx
from orchestrator.types import RequestId, UpdateId

KINDS = {
    kind.name: kind
    for kind in vars(fx).values()
    if isinstance(kind, type) and issubclass(kind, fx.Effect) and kind is not fx.Effect and is_dataclass(kind)
}
TRAIN, SUBMIT, RELEASE = fx.TrainUpdate(3), fx.SubmitUpdate(3), fx.ReleaseUpdate(UpdateId(word_of("update", 1)))
ENDORSE = fx.EndorseCertificate(RequestId(word_of("request", 1)))
ALL = (TRAIN, SUBMIT, RELEASE, ENDORSE)


def test_every_effect_is_classified_and_nothing_else() -> None:
    assert set(REACH) == set(KINDS)


def test_what_is_local_stays_at_home_and_nothing_else() -> None:
    assert {name for name, reach in REACH.items() if reach is Reach.HOME} == {
        name for name, kind in KINDS.items() if kind.local
    }


def test_whatever_signs_for_the_organisation_commits_it() -> None:
    assert {"submit", "attest", "endorse", "claim", "shred", "answer-catch-up"} <= {
        n for n, reach in REACH.items() if reach is Reach.COMMITS
    }


def test_an_unknown_effect_counts_as_the_farthest() -> None:
    class Stranger(fx.Effect):
        name = "stranger"

    assert reach_of(Stranger()) is Reach.COMMITS


@pytest.mark.parametrize(
    ("gate", "begun"),
    [
        (Gate(Mode.AUTO), ALL),
        (Gate(Mode.OVERSIGHT), (TRAIN, RELEASE)),
        (Gate(Mode.MANUAL), (TRAIN,)),
        (Gate(Mode.AUTO, dry_run=True), ()),
    ],
)
def test_modes_hold_what_they_say(gate: Gate, begun: tuple[fx.Effect, ...]) -> None:
    start, waiting = gate.passed(ALL, Approvals())
    assert start == begun
    assert waiting == tuple(effect for effect in ALL if effect not in begun)


def test_an_approval_lets_one_deed_through_at_every_attempt() -> None:
    approvals = Approvals(approved=frozenset({SUBMIT.id}))
    for _ in range(2):
        assert Gate(Mode.MANUAL).passed((SUBMIT, fx.SubmitUpdate(4)), approvals) == ((SUBMIT,), (fx.SubmitUpdate(4),))


def test_what_is_denied_waits_in_every_mode() -> None:
    for mode in Mode:
        approvals = Approvals(approved=frozenset({TRAIN.id}), denied=frozenset({TRAIN.id}))
        assert Gate(mode).passed((TRAIN,), approvals).start == ()


def test_nothing_begins_while_paused_or_dry_whatever_was_approved() -> None:
    ids = frozenset(effect.id for effect in ALL)
    assert Gate().passed(ALL, Approvals(approved=ids, paused=True)) == ((), ALL)
    assert Gate(dry_run=True).passed(ALL, Approvals(approved=ids)) == ((), ALL)


@given(
    effects=st.lists(st.sampled_from(ALL), max_size=6),
    mode=st.sampled_from(Mode),
    dry=st.booleans(),
    approved=st.frozensets(st.sampled_from([effect.id for effect in ALL])),
    denied=st.frozensets(st.sampled_from([effect.id for effect in ALL])),
    paused=st.booleans(),
)
def test_each_effect_either_begins_or_waits_and_stricter_modes_begin_less(
    effects: list[fx.Effect], mode: Mode, dry: bool, approved: frozenset[str], denied: frozenset[str], paused: bool
) -> None:
    approvals = Approvals(approved, denied, paused)
    start, waiting = Gate(mode, dry).passed(effects, approvals)
    assert sorted(effect.id for effect in (*start, *waiting)) == sorted(effect.id for effect in effects)
    assert not {effect.id for effect in start} & denied
    begun = [set(Gate(one).passed(effects, approvals).start) for one in (Mode.AUTO, Mode.OVERSIGHT, Mode.MANUAL)]
    assert begun[0] >= begun[1] >= begun[2]
