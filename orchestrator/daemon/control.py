"""The operator's verbs over a running daemon, for the API. It changes nothing but the operator's book and alarms.

The node looks at both at its next tick.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from orchestrator.daemon.approvals import OperatorBook
from orchestrator.daemon.gate import Gate
from orchestrator.daemon.samples import Samples
from orchestrator.daemon.seams import ControlledNode, Journal
from orchestrator.errors import ConfigurationError
from orchestrator.protocol.effects import Effect


class NotFound(ConfigurationError):
    """The operator named something that this daemon does not have."""


@dataclass(frozen=True)
class Waiting:
    """An effect that is wanted and does not begin. ``why`` is ``mode``, ``denied``, ``paused`` or ``dry-run``."""

    effect: Effect
    why: str


@dataclass
class Control:
    """The operator's verbs. All may be called from any thread.

    Attributes:
        samples: what only the chains can tell, as last asked.
        started: when this process began to serve, in seconds since 1970.
    """

    node: ControlledNode
    gate: Gate
    book: OperatorBook
    journal: Journal
    samples: Samples = field(default_factory=Samples)
    started: float = field(default_factory=time.time)

    def pending(self) -> list[Waiting]:
        """What waits, in the order in which the machine wants it, with the reason that has to go first."""
        return [Waiting(effect, self._why(effect)) for effect in self.node.waiting]

    def approve(self, effect_id: str) -> None:
        """Let a waiting effect begin at the next tick.

        Raises:
            NotFound: it does not wait. ConfigurationError: a dry run begins nothing. DiskError: it cannot be kept.
        """
        self._check_waits(effect_id)
        if self.gate.dry_run:
            raise ConfigurationError("a dry run begins nothing", mend="start the daemon without --dry-run")
        self.book.approve(effect_id)
        self.journal.write("effect-approved", effect=effect_id)

    def deny(self, effect_id: str) -> None:
        """Keep a waiting effect from beginning, until it is approved. Raises as :meth:`approve` does."""
        self._check_waits(effect_id)
        self.book.deny(effect_id)
        self.journal.write("effect-denied", effect=effect_id)

    def pause(self, wanted: bool) -> None:
        """Begin nothing new, or go on; what is under way ends. Again changes nothing."""
        if self.book.approvals.paused != wanted:
            self.book.pause(wanted)
            self.journal.write("paused" if wanted else "resumed")

    def clear_alarm(self, name: str) -> None:
        """Take an alarm back once its cause is understood.

        Raises:
            NotFound: there is no such alarm. ConfigurationError: it passes by itself, and only so.
        """
        if all(alarm.name != name for alarm in self.journal.alarms()):
            if any(alarm.name == name for alarm in self.node.health().alarms):
                raise ConfigurationError(f"{name} passes by itself", mend="mend what it tells of")
            raise NotFound(f"there is no alarm {name!r}", mend="see `loranchor node alarms`")
        self.journal.clear_alarm(name)
        self.journal.write("alarm-cleared", alarm=name)

    def _check_waits(self, effect_id: str) -> None:
        if all(effect.id != effect_id for effect in self.node.waiting):
            raise NotFound(f"{effect_id!r} does not wait", mend="see `loranchor node pending`")

    def _why(self, effect: Effect) -> str:
        if self.gate.dry_run:
            return "dry-run"
        approvals = self.book.approvals
        if effect.id in approvals.denied:
            return "denied"
        return "paused" if approvals.paused else "mode"
