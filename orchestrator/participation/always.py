"""`always`: takes part in every round whose task it accepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from orchestrator.participation.policy import Decision, Outcome, Situation


@dataclass(frozen=True, slots=True)
class Always:
    """Has no opinion on money or data."""

    def after(self, outcomes: Sequence[Outcome]) -> Self:
        return self

    def decide(self, situation: Situation) -> Decision:
        return Decision(True, "this organisation takes part in every round")
