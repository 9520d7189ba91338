"""`threshold`: takes part while there is budget, the data are fresh enough, and the expected award covers the cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from orchestrator.participation.policy import Decision, Outcome, Situation, shown
from orchestrator.types import MILLION


@dataclass(frozen=True, slots=True)
class Threshold:
    """Three limits, of which none is learned.

    Attributes:
        margin: least expected award as a share of the cost, in millionths.
        most_repeats: rounds with the same data; None for any number.
    """

    margin: int = MILLION
    most_repeats: int | None = None

    def after(self, outcomes: Sequence[Outcome]) -> Self:
        return self

    def decide(self, situation: Situation) -> Decision:
        reasons = list(self._reasons(situation))
        if reasons:
            return Decision(False, "; ".join(reasons))
        return Decision(True, f"{shown(situation.expected)} expected for {shown(situation.cost)}")

    def _reasons(self, situation: Situation) -> Iterator[str]:
        if situation.left is not None and situation.cost > situation.left:
            yield f"the round would cost {shown(situation.cost)}, the budget has {shown(situation.left)} left"
        if self.most_repeats is not None and situation.repeats >= self.most_repeats:
            yield f"{situation.repeats} rounds had the data of today, at most {self.most_repeats} are wanted"
        if situation.expected * MILLION < situation.cost * self.margin:
            share = f"{self.margin / MILLION:g} times " if self.margin != MILLION else ""
            yield (
                f"the expected award of {shown(situation.expected)} is below {share}the cost of {shown(situation.cost)}"
            )
