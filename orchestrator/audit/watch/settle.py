"""From conditions to alerts: which are new, which have passed, and what is remembered. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from orchestrator.audit.watch.alerts import CHECKPOINT_FELL, FORMAT, Alert, Condition
from orchestrator.audit.watch.limits import Limits
from orchestrator.audit.watch.observation import Mark, Observation
from orchestrator.audit.watch.rules import TOPICS, conditions
from orchestrator.audit.watch.state import Entry, Peak, State


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell: an alert was raised, or has passed.

    Attributes:
        since: when the matter was first seen. at: when this was found, Unix seconds.
    """

    alert: Alert
    state: Literal["raised", "passed"]
    since: int
    at: int

    def document(self) -> dict[str, Any]:
        """One line of JSON's worth. ``id``, ``state`` and ``since`` together are told once."""
        head = {"format": FORMAT, "version": 1, "state": self.state, "since": self.since, "at": self.at}
        return {**head, **self.alert.document()}


def settle(state: State, seen: Observation, limits: Limits) -> tuple[State, tuple[Event, ...]]:
    """Judge one look.

    Returns:
        What is to be remembered, and what is to be told, in this order: raised, then passed.
    """
    held = {item.alert.id: _held(state, item, seen.at) for item in conditions(state, seen, limits)}
    raised = [Event(entry.alert, "raised", entry.first, seen.at) for entry in _new(state, held.values())]
    kept = {key: entry for key, entry in state.entries.items() if key not in held and _stays(entry, seen)}
    gone = [entry for key, entry in state.entries.items() if key not in held and key not in kept]
    passed = [Event(entry.alert, "passed", entry.first, seen.at) for entry in gone if entry.raised is not None]
    after = replace(_remembered(state, seen), entries={**kept, **held}, looks=state.looks + 1)
    return after, (*raised, *passed)


def _held(state: State, condition: Condition, now: int) -> Entry:
    known = state.entries.get(condition.alert.id)
    if known is None:
        known = Entry(condition.alert, now, now)
    known = replace(known, alert=condition.alert, last=now)
    due = known.raised is None and now - known.first >= condition.grace
    return replace(known, raised=now) if due else known


def _new(state: State, held: Iterable[Entry]) -> Iterator[Entry]:
    """Those that are told in this look."""
    for entry in held:
        known = state.entries.get(entry.alert.id)
        if entry.open and (known is None or known.raised is None):
            yield entry


def _stays(entry: Entry, seen: Observation) -> bool:
    """Whether an alert that does not hold in this look is kept all the same: it is for good, or it may still hold
    where nobody could look."""
    kind = entry.alert.kind
    if kind.sticky and entry.raised is not None:
        return not entry.acknowledged
    unseen = kind.sources & seen.silent.keys()
    return bool(unseen) or (kind in TOPICS.values() and not seen.compared)


def _remembered(state: State, seen: Observation) -> State:
    """What later looks compare with."""
    marks: dict[str, Mark] = dict(state.marks)
    if seen.private is not None:
        marks["private"] = seen.private.chain.last
    objects = state.objects if seen.objects is None else seen.objects.asked
    if seen.public is None:
        return replace(state, marks=marks, objects=objects)
    marks["public"] = seen.public.chain.last
    return replace(state, marks=marks, objects=objects, roll=seen.public.roll, peak=_peak(state, seen))


def _peak(state: State, seen: Observation) -> Peak | None:
    """The highest checkpoint, unless the one before has fallen: that stays until it is back or acknowledged."""
    assert seen.public is not None
    heads, known = seen.public.heads, state.peak
    if known is not None and heads.get(known.sequence) != known.head and not _fall_is_known(state, known):
        return known
    return Peak(seen.public.sequence, heads[seen.public.sequence]) if heads else None


def _fall_is_known(state: State, peak: Peak) -> bool:
    entry = state.entries.get(Alert(CHECKPOINT_FELL, f"checkpoint {peak.sequence}", "").id)
    return entry is not None and entry.acknowledged
