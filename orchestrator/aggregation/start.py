"""What a strategy has the members of a round begin with: a pure function of the task and the manifest.

Where it depends on contributions, it is their sum in integers, rounded once: every member computes the same bits, so
nobody has to send or sign it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from orchestrator.aggregation.entries import FoldEntry, Opener
from orchestrator.contribution import AdapterDelta, Start
from orchestrator.contribution.check import Shapes
from orchestrator.contribution.rules import ends_with


@dataclass(frozen=True, slots=True)
class Ground:
    """What a start may follow from.

    Attributes:
        seed: of the task. rank: the one that it allows. modules: adapted ones, name to (outputs, inputs).
        entries: of the manifest that the round was opened with, in order. opener: of their contributions.
        rounds: how many rounds the manifest's contributions are of, those that a compaction stands for, too; by default
            those of the entries.
    """

    seed: int
    rank: int
    modules: Mapping[str, tuple[int, int]]
    entries: Sequence[FoldEntry]
    opener: Opener
    rounds: int | None = None

    @property
    def ordinal(self) -> int:
        """Which round of its lineage this is, from 1: rounds that failed or were revoked count for nothing."""
        return 1 + (len({entry.round for entry in self.entries}) if self.rounds is None else self.rounds)

    @property
    def last(self) -> tuple[FoldEntry, ...]:
        """Entries of the last round."""
        return tuple(entry for entry in self.entries if entry.round == self.entries[-1].round)

    def fits(self, delta: AdapterDelta, module: str) -> bool:
        """Whether a delta has that module in the shape and rank of this task."""
        low = delta.modules.get(module)
        outputs, inputs = self.modules[module]
        return low is not None and (low.rank, low.b.shape[0], low.a.shape[1]) == (self.rank, outputs, inputs)


@runtime_checkable
class Starting(Protocol):
    """A strategy whose members begin with factors that they agree on."""

    def start(self, ground: Ground) -> Start: ...


def adapted(shapes: Shapes, endings: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Modules that a task adapts, name to (outputs, inputs).

    Args:
        shapes: of the base model's parameters. endings: the task's module names.
    """
    found = {}
    for name, shape in shapes.items():
        module, _, last = name.rpartition(".")
        if last == "weight" and len(shape) == 2 and any(ends_with(module, ending) for ending in endings):
            found[module] = (shape[0], shape[1])
    return found
