"""Alerts over time: told once, passed once, kept where nobody could look, and remembered over restarts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.audit_watch.watch_sights import LIMITS, NOW, digest, private, public, sight, without

from orchestrator.audit.report import Finding
from orchestrator.audit.watch.alerts import KINDS, Source
from orchestrator.audit.watch.limits import Limits
from orchestrator.audit.watch.memory import Memory
from orchestrator.audit.watch.observation import Observation
from orchestrator.audit.watch.settle import settle
from orchestrator.audit.watch.state import State
from orchestrator.errors import ConfigurationError, FormatError

SCOPE = {"public": {"chain_id": "1"}}
FALSE = {"checkpoints": (Finding("checkpoint 2", "it differs"),)}


def over(looks: list[Observation], limits: Limits = LIMITS, state: State | None = None) -> tuple[State, list[str]]:
    """What is told, look by look."""
    state, told = state or State(), []
    for seen in looks:
        state, events = settle(state, seen, limits)
        told += [f"{(event.at - NOW)} {event.state} {event.alert.kind.name}" for event in events]
    return state, told


def test_an_alert_is_told_once_and_passes_once() -> None:
    looks = [
        sight(NOW),
        *(sight(NOW + at, findings=FALSE) for at in (60, 120, 180)),
        sight(NOW + 240),
        sight(NOW + 300),
    ]
    state, told = over(looks)
    assert told == ["60 raised checkpoint-false", "240 passed checkpoint-false"]
    assert state.open == () and state.entries == {}


def test_its_words_may_change_but_not_its_id() -> None:
    state, _ = over([sight(public=public(supply=8))])
    first = state.open[0].alert
    state, told = over([sight(NOW + 60, public=public(supply=9))], state=state)
    assert told == [] and state.open[0].alert.id == first.id and state.open[0].alert.text != first.text


def test_what_holds_only_for_a_moment_is_not_told() -> None:
    patient = Limits(confirm_after=120)
    assert over([sight(findings=FALSE), sight(NOW + 60)], patient)[1] == []
    held = over([sight(NOW + at, findings=FALSE) for at in (0, 60, 120, 180)], patient)
    assert held[1] == ["120 raised checkpoint-false"]


@pytest.mark.parametrize("source", [Source.PUBLIC, Source.PRIVATE])
def test_silence_is_no_answer(source: Source) -> None:
    """What was wrong stays wrong until somebody could look again."""
    state, told = over([sight(findings=FALSE), *(without(source, NOW + at) for at in (60, 600, 700))])
    assert told == ["0 raised checkpoint-false", "700 raised source-silent"]
    assert over([sight(NOW + 800)], state=state)[1] == ["800 passed checkpoint-false", "800 passed source-silent"]


def test_what_was_not_compared_has_not_passed() -> None:
    assert over([sight(findings=FALSE), sight(NOW + 60, compared=False)])[1] == ["0 raised checkpoint-false"]


def test_a_change_of_members_stands_until_it_is_acknowledged() -> None:
    before, after = public(), public(roll=private().roll.__class__(2, 2, digest("epoch 2"), private().roll.members))
    pair = {"public": after, "private": private(roll=after.roll)}
    state, told = over([sight(public=before), *(sight(NOW + at, **pair) for at in (60, 120, 180))])
    assert told == ["60 raised members-changed"] and [entry.alert.kind.name for entry in state.open] == [
        "members-changed"
    ]
    known = state.acknowledged(state.open[0].alert.id)
    assert known.open == ()
    after_that, told = over([sight(NOW + 240, **pair)], state=known)
    assert told == ["240 passed members-changed"] and after_that.entries == {}


def test_a_fallen_checkpoint_stands_until_it_is_back() -> None:
    fallen = public(heads={1: digest("head 1")})
    state, told = over([sight(), sight(NOW + 60, public=fallen), sight(NOW + 120, public=fallen)])
    assert told == ["60 raised checkpoint-fell"]
    back = over([sight(NOW + 180)], state=state)
    assert back[1] == ["180 passed checkpoint-fell"]


def test_a_fall_that_is_acknowledged_begins_anew() -> None:
    fallen = public(heads={1: digest("head 1")})
    state, _ = over([sight(), sight(NOW + 60, public=fallen)])
    state = state.acknowledged(state.open[0].alert.id)
    state, told = over([sight(NOW + 120, public=fallen), sight(NOW + 180, public=fallen)], state=state)
    assert told == ["180 passed checkpoint-fell"] and state.peak is not None and state.peak.sequence == 1
    assert over([sight(NOW + 240, public=public(heads={}))], state=state)[1] == ["240 raised checkpoint-fell"]


def test_an_acknowledged_alert_that_holds_is_told_no_more() -> None:
    state, _ = over([sight(findings=FALSE)])
    known = state.acknowledged(state.open[0].alert.id)
    after, told = over([sight(NOW + 60, findings=FALSE)], state=known)
    assert told == [] and after.open == () and len(after.entries) == 1


SIGHTS = st.sampled_from(
    [
        {},
        {"findings": FALSE},
        {"public": public(supply=9)},
        {"public": public(heads={1: digest("head 1")})},
        {"private": private(due={3: NOW - 9000})},
        {"public": None, "silent": {Source.PUBLIC: "down"}, "compared": False},
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(SIGHTS, max_size=12), st.integers(0, 12))
def test_a_restart_at_any_time_changes_nothing_that_is_told(looks: list[dict[str, object]], at: int) -> None:
    """Also: raised and passed take turns for each alert, whatever is seen."""
    seen = [sight(NOW + 60 * place, **changes) for place, changes in enumerate(looks)]
    straight, told = over(seen)
    half, first = over(seen[:at])
    again, second = over(seen[at:], state=_restarted(half))
    assert first + second == told and again == straight
    for name in KINDS:
        turns = [line.split()[1] for line in told if line.endswith(f" {name}")]
        assert turns == (["raised", "passed"] * len(turns))[: len(turns)]


def _restarted(state: State) -> State:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(Path(folder) / "state.json", SCOPE)
        memory.write(state, [{"id": "1"}])
        found, waiting = memory.read()
    assert waiting == ({"id": "1"},)
    return found


def test_no_file_remembers_nothing(tmp_path: Path) -> None:
    assert Memory(tmp_path / "none", SCOPE).read() == (State(), ())


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"{", FormatError, "not JSON"),
        (b"[]", FormatError, "is no loranchor/watch"),
        (b'{"format": "loranchor/watch", "version": 2}', FormatError, "is no loranchor/watch"),
        (b'{"format": "loranchor/watch", "version": 1, "scope": {}}', ConfigurationError, "other chains"),
        (
            b'{"format": "loranchor/watch", "version": 1, "scope": {"public": {"chain_id": "1"}}}',
            FormatError,
            "damaged",
        ),
        (b"[" * 100_000, FormatError, "deep"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, data: bytes, error: type[Exception], words: str) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(data)
    with pytest.raises(error, match=words):
        Memory(path, SCOPE).read()


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    Memory(path, SCOPE).write(State(), ())
    assert path.stat().st_mode & 0o777 == 0o600
