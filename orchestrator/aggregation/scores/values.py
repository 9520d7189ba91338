"""What a set of a round's updates is worth: the metric of the model with these alone added to its fold."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from orchestrator.aggregation.accumulate import Opened
from orchestrator.aggregation.folded import FoldedModel
from orchestrator.types import UpdateId

Value = Callable[[tuple[UpdateId, ...]], int]
"""Of a subset of the players, in millionths; higher is better."""


class SubsetValues:
    """Measures subsets on one model, each once, whoever asks and in whatever order.

    A subset's terms are added to the folded weights in one stacked product and taken back by restoring them, not by
    subtraction: so the bits of a subset's model depend on the subset alone, whatever was measured before.

    Args:
        folded: a model that holds none of the players; it does not change.
        players: updates with their weights in the round.
        measure: the metric of the model as it is, in millionths, higher is better.
    """

    def __init__(self, folded: FoldedModel, players: Opened, measure: Callable[[], int]) -> None:
        self._folded, self._players, self._measure = folded, tuple(players), measure
        self._known: dict[frozenset[UpdateId], int] = {}
        self.measurements = 0

    @property
    def players(self) -> tuple[UpdateId, ...]:
        return tuple(entry.update_id for entry, _ in self._players)

    def __call__(self, chosen: Collection[UpdateId]) -> int:
        key = frozenset(chosen)
        if key not in self._known:
            self._known[key] = self._measured([item for item in self._players if item[0].update_id in key])
        return self._known[key]

    def alone(self, player: UpdateId) -> int:
        """What a round of this update only gains: measured at n times its weight."""
        count = len(self._players)
        only = [(replace(entry, weight=count * entry.weight), delta) for entry, delta in self._players]
        return self._measured([item for item in only if item[0].update_id == player]) - self(())

    def _measured(self, change: Opened) -> int:
        with self._folded.tried(change):
            self.measurements += 1
            return self._measure()
