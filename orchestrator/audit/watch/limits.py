"""How long things may take before a watcher says something; the settings of the group ``watch``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from orchestrator.errors import ConfigurationError

_MOST = 10**9


@dataclass(frozen=True, slots=True)
class Limits:
    """All times in seconds.

    Attributes:
        every: between two looks. stalled_after: from a checkpoint's block until it must be anchored.
        quiet_after: since the last anchored checkpoint, which is all that an outsider can go by; 0 is never.
        stands_after: since a chain's newest block. silent_after: without an answer of a node.
        differ_after: for members to be the same on both chains, since a ceremony takes its time.
        confirm_after: that a finding must last, since a node may lag for a moment.
        misses: times in a row that an object must be asked for in vain. object_every: between two times for one that
            was there. objects_per_look: at the most. object_timeout: for one to come.
        webhook_every: between two messages. webhook_timeout: for one to be taken.
    """

    every: int = 60
    stalled_after: int = 3600
    quiet_after: int = 0
    stands_after: int = 900
    silent_after: int = 600
    differ_after: int = 3600
    confirm_after: int = 120
    misses: int = 2
    object_every: int = 86_400
    objects_per_look: int = 20
    object_timeout: int = 30
    webhook_every: int = 10
    webhook_timeout: int = 10

    @classmethod
    def of(cls, group: Mapping[str, Any]) -> Limits:
        """Read the group.

        Raises:
            ConfigurationError: a value is no natural number, or 0 where that makes no sense.
        """
        return cls(**{item.name: _number(group, item.name) for item in fields(cls)})

    def at_once(self) -> Limits:
        """For one look alone: a finding is told without waiting, and an object that does not come is missing."""
        return Limits(**{**self._values(), "confirm_after": 0, "misses": 1})

    def _values(self) -> dict[str, int]:
        return {item.name: getattr(self, item.name) for item in fields(self)}


_MAY_BE_ZERO = ("quiet_after", "confirm_after", "objects_per_look")


def _number(group: Mapping[str, Any], name: str) -> int:
    value, least = group[name], 0 if name in _MAY_BE_ZERO else 1
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
        raise ConfigurationError(f"watch.{name} is {value!r}", mend=f"give a whole number from {least}")
    return value
