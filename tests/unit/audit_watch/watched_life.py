"""A watcher over a life in memory, whose clock is the chains'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from unit.audit.life import Life

from orchestrator.audit.watch import Event, Eyes, Limits, Memory, Outlets, Watch, Watched
from orchestrator.audit.watch.observation import Observation

LIMITS = Limits(confirm_after=0, misses=1, object_every=1, objects_per_look=100)


@dataclass
class Desk:
    """A life, who watches it, and what was told.

    Attributes:
        now: the watcher's clock; the chains' blocks are one second apart, from 0.
    """

    life: Life = field(default_factory=Life)
    limits: Limits = LIMITS
    outside: bool = False
    now: float = 0.0
    told: list[Event] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    memory: Memory | None = None

    def __post_init__(self) -> None:
        self.begin()

    @property
    def watched(self) -> Watched:
        deployments = self.life.deployments
        private = None if self.outside else (self.life.private, deployments["private"])
        store = None if self.outside else self.life.store
        return Watched((self.life.public, deployments["public"]), private, store)

    def begin(self) -> None:
        """A new process."""
        eyes = Eyes(self.watched, self.limits, lambda: self.now)
        outlets = Outlets(self.told.append, self.said.append, **self.more)
        self.watch = Watch(eyes, self.limits, outlets, self.memory)

    def look(self, after: float = 1.0) -> list[str]:
        """What one look tells: kinds, with the state before them."""
        self.now += after
        known = len(self.told)
        self.seen: Observation = self.watch.look()
        return [f"{event.state} {event.alert.kind.name}" for event in self.told[known:]]

    def text(self, kind: str) -> str:
        return next(entry.alert.text for entry in self.watch.state.open if entry.alert.kind.name == kind)


def asked(desk: Desk, act: Callable[[], object]) -> tuple[int, int]:
    """How many questions each chain was asked meanwhile."""
    before = dict(desk.watch._eyes.calls)
    act()
    after = desk.watch._eyes.calls
    return after["public"] - before["public"], after.get("private", 0) - before.get("private", 0)
