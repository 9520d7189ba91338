"""Which mode a member asks for where it names none: what its settings' group ``revocation`` says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.entities import Mode

AUTO = "auto"
"""In the place of a mode: the plan decides."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A member's choice.

    Attributes:
        mode: None where the plan decides.
        most_rounds: rounds to be trained again, up to which ``replay`` is chosen. most_seconds: likewise of the time
            that they take here, where it is known; None for any.
    """

    mode: Mode | None = Mode.DROP
    most_rounds: int = 0
    most_seconds: int | None = None

    def choose(self, *, descendants: int, rounds: int, seconds: float | None, hardening: bool) -> Mode:
        """The mode for what a plan found.

        Without descendants nothing is left that ``drop`` does not take. Else ``replay`` while it is cheap enough, then
        ``heal`` where the task has a hardening, then ``drop``.
        """
        if self.mode is not None:
            return self.mode
        if not descendants:
            return Mode.DROP
        slow = self.most_seconds is not None and seconds is not None and seconds > self.most_seconds
        if rounds <= self.most_rounds and not slow:
            return Mode.REPLAY
        return Mode.HEAL if hardening else Mode.DROP


def policy_of(values: Mapping[str, Any], named: str | None = None) -> Policy:
    """The policy of settings' values.

    Args:
        values: of all groups. named: the mode that was asked for by name, which comes first.

    Raises:
        ConfigurationError: there is no such mode, or a limit is none.
    """
    group = values.get("revocation") or {}
    mode = str(group.get("mode", Mode.DROP)) if named is None else named
    if mode not in (*Mode, AUTO):
        raise ConfigurationError(f"{mode!r} is no mode", mend=f"choose one of {', '.join((*Mode, AUTO))}")
    return Policy(
        None if mode == AUTO else Mode(mode),
        _limit(group.get("most_rounds", 0), "most_rounds"),
        None if (most := group.get("most_seconds")) is None else _limit(most, "most_seconds"),
    )


def _limit(value: Any, name: str) -> int:
    if type(value) is not int or value < 0:
        raise ConfigurationError(f"revocation.{name} is {value!r}", mend="set a whole number from 0")
    return value
