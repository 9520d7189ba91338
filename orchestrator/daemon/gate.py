"""What a daemon does by itself, what waits for its operator, and what is only told.

Between the machine, which wants, and the executor, which acts. Pure: no files, no clock. What waits is not under way:
the machine is told so (``EffectHeld``) and asks anew at every block, so a wish that the chains have overtaken is no
longer offered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from orchestrator.protocol.effects import Effect


class Mode(StrEnum):
    """How much a daemon does without asking."""

    AUTO = "auto"
    OVERSIGHT = "oversight"
    MANUAL = "manual"


class Reach(IntEnum):
    """How far an effect goes.

    ``HOME``: it computes, or keeps and destroys what is this node's own, and sends no transaction. ``SENDS``: it sends
    what follows from what was decided before. ``COMMITS``: it is the organisation's word or deed towards the others,
    which nothing takes back.
    """

    HOME = 0
    SENDS = 1
    COMMITS = 2


REACH: dict[str, Reach] = {
    "train": Reach.HOME,
    "secagg-prepare": Reach.HOME,
    "secagg-sum": Reach.HOME,
    "collect": Reach.HOME,
    "judge": Reach.HOME,
    "settle-keys": Reach.HOME,
    "evaluate": Reach.HOME,
    "measure-revocation": Reach.HOME,
    "open-catch-up": Reach.HOME,
    "settle-catch-up": Reach.HOME,
    "forget-answer": Reach.HOME,
    "publish-prekeys": Reach.SENDS,
    "discard-prekeys": Reach.SENDS,
    "ask-catch-up": Reach.SENDS,
    "pass-round": Reach.SENDS,
    "secagg-announce": Reach.SENDS,
    "secagg-deal": Reach.SENDS,
    "secagg-check": Reach.SENDS,
    "release": Reach.SENDS,
    "commit-verdicts": Reach.SENDS,
    "reveal-verdicts": Reach.SENDS,
    "close-round": Reach.SENDS,
    "relay": Reach.SENDS,
    "publish-awards": Reach.SENDS,
    "settle-compaction": Reach.SENDS,
    "submit": Reach.COMMITS,
    "secagg-send": Reach.COMMITS,
    "secagg-reveal": Reach.COMMITS,
    "attest": Reach.COMMITS,
    "claim": Reach.COMMITS,
    "answer-catch-up": Reach.COMMITS,
    "settle-revocation": Reach.COMMITS,
    "record-affected": Reach.COMMITS,
    "record-replacement": Reach.COMMITS,
    "record-verification": Reach.COMMITS,
    "endorse": Reach.COMMITS,
    "renew-endorsement": Reach.COMMITS,
    "shred": Reach.COMMITS,
    "compare-compaction": Reach.COMMITS,
}
"""By the effect's name; a test wants each here. One that is not counts as COMMITS, unless it is local."""

_HELD_FROM = {Mode.OVERSIGHT: Reach.COMMITS, Mode.MANUAL: Reach.SENDS}


def reach_of(effect: Effect) -> Reach:
    """How far an effect goes; an unknown one that is not local counts as the farthest."""
    return REACH.get(effect.name, Reach.HOME if effect.local else Reach.COMMITS)


@dataclass(frozen=True, slots=True)
class Approvals:
    """What the operator has said so far.

    Attributes:
        approved, denied: ids of effects. An approval is of the deed, so it holds for every attempt at it.
        paused: begin nothing at all.
    """

    approved: frozenset[str] = field(default_factory=frozenset)
    denied: frozenset[str] = field(default_factory=frozenset)
    paused: bool = False


class Passed(NamedTuple):
    """What may begin, and what waits."""

    start: tuple[Effect, ...]
    waiting: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets effects through by the daemon's mode.

    Attributes:
        mode: ``auto`` lets everything through, ``oversight`` holds what commits the organisation, ``manual`` all that
            sends, each until it is approved.
        dry_run: lets nothing through, whatever was approved.
    """

    mode: Mode = Mode.AUTO
    dry_run: bool = False

    def passed(self, effects: Iterable[Effect], approvals: Approvals) -> Passed:
        """Which effects may begin now and which wait, each in the order given."""
        start: list[Effect] = []
        waiting: list[Effect] = []
        for effect in effects:
            (start if self.lets(effect, approvals) else waiting).append(effect)
        return Passed(tuple(start), tuple(waiting))

    def lets(self, effect: Effect, approvals: Approvals) -> bool:
        """Whether one effect may begin."""
        if self.dry_run or approvals.paused or effect.id in approvals.denied:
            return False
        return not self.asks(effect) or effect.id in approvals.approved

    def asks(self, effect: Effect) -> bool:
        """Whether the mode wants the operator's word for it."""
        held_from = _HELD_FROM.get(self.mode)
        return held_from is not None and reach_of(effect) >= held_from
