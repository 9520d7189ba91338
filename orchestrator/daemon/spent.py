"""What rounds cost this organisation, out of what its daemon has written into the journal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from orchestrator.daemon.journal import NAME, read_journal
from orchestrator.unlearning.plan import Spent

PARTS = ("collect", "train", "judge", "evaluate")
"""Effects of a round that take time, by name."""


def spent_of(home: Path) -> Spent:
    """Medians over all rounds in a home's journal; nothing where no daemon has run.

    Raises:
        DiskError: the journal cannot be read.
    """
    return measured(read_journal(home)) if (home / NAME).exists() else Spent()


def measured(events: Iterable[Mapping[str, Any]]) -> Spent:
    """The same of events, oldest first. An attempt that failed or was cut off does not count."""
    begun: dict[str, float] = {}
    took: dict[str, list[float]] = defaultdict(list)
    sizes: list[int] = []
    for event in events:
        effect = str(event.get("effect", ""))
        if event["event"] == "effect-started":
            begun[effect] = event["time"]
        elif event["event"] == "effect-completed" and effect in begun:
            took[effect.split("/")[0]].append(event["time"] - begun.pop(effect))
        elif event["event"] == "update-sealed":
            sizes.append(int(event["bytes"]))
    whole = sum(median(took[name]) for name in PARTS if took[name]) if took["train"] else None
    figures = median(took["evaluate"]) if took["evaluate"] else None
    return Spent(whole, figures, round(median(sizes)) if sizes else None)
