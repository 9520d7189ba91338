"""What rounds cost this organisation and what tokens are worth to it: its own numbers, in its own unit."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.ledger.task import TaskSpec
from orchestrator.types import MILLION

TOKEN = 10**18
"""Smallest units of a whole contribution token."""


@dataclass(frozen=True, slots=True)
class Account:
    """Money in millionths of the unit.

    Attributes:
        round: cost of taking part at all. million_tokens: of a million training tokens. token: worth of a whole token.
        budget: most to be spent in ``budget_rounds`` rounds; None without a limit.
        window: closed rounds that the expected award is the mean of.
    """

    round: int
    million_tokens: int
    token: int
    budget: int | None = None
    budget_rounds: int = 1
    window: int = 10

    def cost(self, task: TaskSpec) -> int:
        """What taking part in a round of this task costs; judging, which every member does, is no part of it."""
        training = task.training
        tokens = training.steps * training.batch * training.length
        return self.round + self.million_tokens * tokens // MILLION

    def worth(self, amount: int) -> int:
        """Money of an award in the token's smallest unit."""
        return amount * self.token // TOKEN
