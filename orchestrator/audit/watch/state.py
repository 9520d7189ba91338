"""What a watcher remembers from one look to the next, over restarts too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from orchestrator.audit.watch.alerts import Alert
from orchestrator.audit.watch.observation import Asked, Mark, Roll
from orchestrator.types import Digest


@dataclass(frozen=True, slots=True)
class Entry:
    """An alert, or what may become one.

    Attributes:
        first, last: when it was first and last seen, Unix seconds. raised: when it was told; None before.
        acknowledged: somebody knows of it; it counts no more, and is told no more.
    """

    alert: Alert
    first: int
    last: int
    raised: int | None = None
    acknowledged: bool = False

    @property
    def open(self) -> bool:
        """Whether it was told, holds, and nobody has acknowledged it."""
        return self.raised is not None and not self.acknowledged


@dataclass(frozen=True, slots=True)
class Peak:
    """The last anchored checkpoint that was seen."""

    sequence: int
    head: Digest


@dataclass(frozen=True)
class State:
    """A watcher's memory. Nothing in it is changed in place.

    Attributes:
        entries: by alert id. peak, roll: as last seen on the public chain. marks: the last block seen, by source.
        objects: by CID. looks: how many there were.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    peak: Peak | None = None
    roll: Roll | None = None
    marks: Mapping[str, Mark] = field(default_factory=dict)
    objects: Mapping[str, Asked] = field(default_factory=dict)
    looks: int = 0

    @property
    def open(self) -> tuple[Entry, ...]:
        """Alerts that stand, oldest first."""
        found = (entry for entry in self.entries.values() if entry.open)
        return tuple(sorted(found, key=lambda entry: (entry.raised or 0, entry.alert.id)))

    def acknowledged(self, alert_id: str) -> State:
        """The same, with one alert known. KeyError where there is none."""
        entry = replace(self.entries[alert_id], acknowledged=True)
        return replace(self, entries={**self.entries, alert_id: entry})
