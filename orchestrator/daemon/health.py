"""How a node is, at a glance: made anew after each tick and never changed, so that other threads may read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.daemon.journal import Alarm


@dataclass(frozen=True, slots=True)
class Head:
    """One chain as the node follows it.

    Attributes:
        head: its newest block that counts, as the own node told last. followed: the last block whose facts are known.
        seen_at: when the head was last found higher than before, in seconds since 1970; 0 before the first time.
    """

    head: int = 0
    followed: int = 0
    seen_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Health:
    """How a node is.

    Attributes:
        ready: whether it follows both chains and can act. reasons: why not, one sentence each.
        heads: by side, ``private`` and ``public``.
        in_flight: ids of effects that were begun and have not ended. waiting: ids of those that wait for the operator.
        alarms: what an operator must look at, oldest first.
        oldest: when the oldest effect in a lane was begun, in seconds since 1970; None without one.
    """

    ready: bool = False
    reasons: tuple[str, ...] = ("the daemon has not read the chains yet",)
    heads: Mapping[str, Head] = field(default_factory=lambda: {"private": Head(), "public": Head()})
    in_flight: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    oldest: float | None = None
