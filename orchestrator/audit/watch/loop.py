"""Looks, judges, tells and remembers, over and over; whatever a chain, IPFS, a receiver or the disk does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestrator.audit.watch.exposition import Counts, Endpoint, exposition
from orchestrator.audit.watch.eyes import Eyes
from orchestrator.audit.watch.limits import Limits
from orchestrator.audit.watch.memory import Memory
from orchestrator.audit.watch.observation import Observation
from orchestrator.audit.watch.settle import Event, settle
from orchestrator.audit.watch.state import State
from orchestrator.audit.watch.webhook import Webhook, bounded
from orchestrator.errors import ConfigurationError, DiskError
from orchestrator.files import write_atomic

LONGEST_PAUSE = 600.0
"""Seconds between two looks at the most, while a source is silent."""

_NOTHING: tuple[Mapping[str, Any], ...] = ()

Tell = Callable[[Event], None]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Outlets:
    """Where alerts go.

    Attributes:
        tell: each event. say: a sentence about the watcher itself, for its operator. webhook: to somebody else.
        textfile, endpoint: the metrics.
    """

    tell: Tell
    say: Say
    webhook: Webhook | None = None
    textfile: Path | None = None
    endpoint: Endpoint | None = None


class Watch:
    """One watcher.

    Args:
        eyes: look. memory: the file; None remembers nothing beyond this process.

    Attributes:
        state: what is remembered.
    """

    def __init__(self, eyes: Eyes, limits: Limits, outlets: Outlets, memory: Memory | None = None) -> None:
        self._eyes, self._limits, self._outlets, self._memory = eyes, limits, outlets, memory
        self.state, self._waiting = (State(), _NOTHING) if memory is None else memory.read()
        self._counts = Counts()

    def look(self) -> Observation:
        """One look, told and remembered. What is to be told is on disk first, so that a crash loses none of it."""
        seen = self._eyes.look(self.state)
        self.state, events = settle(self.state, seen, self._limits)
        if self._outlets.webhook is not None:
            self._waiting, dropped = bounded((*self._waiting, *(event.document() for event in events)))
            if dropped:
                self._outlets.say(f"{dropped} alerts are dropped that {self._outlets.webhook.where} has not taken")
        self._remember()
        for event in events:
            self._outlets.tell(event)
        self._deliver()
        self._show(seen)
        return seen

    def run(self, stop: threading.Event) -> None:
        """Look until told to stop; less often while a source is silent."""
        pause = float(self._limits.every)
        while not stop.is_set():
            seen = self.look()
            pause = min(2 * pause, LONGEST_PAUSE) if seen.silent else float(self._limits.every)
            stop.wait(max(pause, self._limits.every))

    def acknowledge(self, alert_ids: Sequence[str]) -> None:
        """Note that somebody knows of these alerts.

        Raises:
            ConfigurationError: there is no such alert. DiskError: it cannot be kept.
        """
        for alert_id in alert_ids:
            try:
                self.state = self.state.acknowledged(alert_id)
            except KeyError:
                known = ", ".join(entry.alert.id for entry in self.state.open) or "none"
                raise ConfigurationError(f"there is no alert {alert_id}", mend=f"those that stand: {known}") from None
        if alert_ids and self._memory is not None:
            self._memory.write(self.state, self._waiting)

    def _remember(self) -> None:
        if self._memory is None:
            return
        try:
            self._memory.write(self.state, self._waiting)
        except DiskError as error:  # what is wrong is told all the same; after a restart, once more
            self._outlets.say(str(error))

    def _deliver(self) -> None:
        if self._outlets.webhook is None or not self._waiting:
            return
        taken, why = self._outlets.webhook.deliver(self._waiting)
        if why:
            self._outlets.say(why)
        if taken:
            self._waiting = self._waiting[taken:]
            self._remember()

    def _show(self, seen: Observation) -> None:
        failures = 0 if self._outlets.webhook is None else self._outlets.webhook.failures
        self._counts = replace(
            self._counts,
            looks=self._counts.looks + 1,
            failures=self._counts.failures + bool(seen.silent),
            calls=self._eyes.calls,
            webhook_failures=failures,
            waiting=len(self._waiting),
        )
        page = exposition(self.state, seen, self._counts)
        if self._outlets.endpoint is not None:
            self._outlets.endpoint.show(page)
        if self._outlets.textfile is not None:
            try:
                write_atomic(self._outlets.textfile, page.encode())
            except OSError as error:
                self._outlets.say(f"cannot write {self._outlets.textfile}: {error.strerror}")
