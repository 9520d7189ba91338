"""The steps of a revocation, one after the other: which are done, by whom, and whom the next one waits for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from orchestrator.report.rows import Revocation

STEPS = {
    "requested": ("Requested", "Somebody asked for contributions to leave the model."),
    "approved": ("Approved", "One's own contributions need nobody's consent; another's need a quorum."),
    "effective": ("In effect", "From here on the model goes without them."),
    "affected": ("Affected", "What had been trained on top of them is recorded."),
    "replaced": ("Replaced", "The digest of the new manifest is recorded."),
    "verified": ("Measured", "Each member measured both models on its own data and signed the figures."),
    "certified": ("Certified", "A quorum recomputed the certificate and signed it."),
    "anchored": ("Anchored", "A checkpoint with the certificate stands on the public chain."),
    "shredded": ("Shredded", "Each member destroyed keys and salts and recorded a receipt."),
}
"""By name what the step is called and what it is."""
_PARTS = {"supported": "approved", "endorsed": "certified"}
_WORDS = {"supported": "supports it", "endorsed": "endorses the certificate", "certified": "completes the quorum"}
_STAGES = ("requested", "approved", "affected", "replaced", "verified", "certified", "shredded")
"""Stages as the contract counts them; the other steps are told by an event of their own."""

State = Literal["done", "waiting", "late", "ahead"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One member's part in a step, and where it is recorded."""

    organisation: str | None
    words: str
    block: int | None
    public: bool
    time: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        state: done; waiting or late, of the one that comes next; ahead.
        waiting: what it waits for, in words, where it is the next one.
    """

    name: str
    title: str
    meaning: str
    state: State
    marks: tuple[Mark, ...]
    waiting: str | None


def steps_of(found: Revocation) -> tuple[Step, ...]:
    """All steps in order; empty where the summary tells no event."""
    if not found.events:
        return ()
    marks = {name: tuple(_marks(found, name)) for name in STEPS}
    done = [name for name in STEPS if _done(found, name, bool(marks[name]))]
    following = next((name for name in STEPS if name not in done), None)
    return tuple(_step(found, name, marks[name], name in done, name == following) for name in STEPS)


def _done(found: Revocation, name: str, told: bool) -> bool:
    """By the contract's word where it is recorded, else by the events."""
    stage = found.standing.stage
    if name not in _STAGES or stage not in _STAGES:
        return told
    return _STAGES.index(name) <= _STAGES.index(stage)


def _step(found: Revocation, name: str, marks: tuple[Mark, ...], done: bool, following: bool) -> Step:
    title, meaning = STEPS[name]
    state: State = "done" if done else "ahead"
    if following:
        state = "late" if found.overdue else "waiting"
    return Step(name, title, meaning, state, marks, found.standing.words if following else None)


def _marks(found: Revocation, name: str) -> Iterator[Mark]:
    supported = any(event.step == "supported" for event in found.events)
    for event in found.events:
        if _PARTS.get(event.step, event.step) == name:
            words = _WORDS.get(event.step, "")
            if event.step == "approved" and supported:
                words = _WORDS["certified"]
            elif event.step == "effective":
                words = "at once" if event.round is None else f"with the end of round {event.round}"
            elif event.step == "anchored" and found.sequence is not None:
                words = f"checkpoint {found.sequence}"
            yield Mark(event.organisation, words, event.block, event.step == "anchored", event.time)
