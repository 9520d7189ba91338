"""`q_learning`: learns from its own past rounds when taking part pays.

Tabular Q-learning (Watkins and Dayan, Machine Learning 8, 1992) in integers. States, actions and reward are of this
project's own design: docs/methods/participation.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from orchestrator.participation.policy import Decision, Outcome, Situation, shown
from orchestrator.types import MILLION

BUDGET_LEVELS = (3,)
"""Rounds of this cost that the budget still pays for: below, or at least, three."""
REPEAT_LEVELS = (1, 3)
"""Fresh data; used once or twice; more often."""
MARGIN_LEVELS = (MILLION // 2, MILLION, 2 * MILLION)
"""Expected award as a share of the cost, millionths."""


class Level(NamedTuple):
    """A state: three levels, each counted from the worst for budget and margin, from the freshest for the data."""

    budget: int
    repeats: int
    margin: int


class Choice(NamedTuple):
    level: Level
    take_part: bool


@dataclass(frozen=True)
class QLearning:
    """Values of taking part and of passing, for each state.

    Attributes:
        seed: text that exploration follows from, such as seed and organisation. alpha, gamma, epsilon: millionths.
            ``alpha`` is the least step; a choice's first visits count as in a mean. ``epsilon`` falls with the visits.
        values: of each choice, in millionths of the round's cost. visits: how often it was made.
    """

    seed: str = ""
    alpha: int = 100_000
    gamma: int = 800_000
    epsilon: int = 300_000
    values: Mapping[Choice, int] = field(default_factory=dict)
    visits: Mapping[Choice, int] = field(default_factory=dict)

    def after(self, outcomes: Sequence[Outcome]) -> Self:
        policy = self
        for place, outcome in enumerate(outcomes, start=1):
            policy = policy._learned(outcome, outcomes[place].situation if place < len(outcomes) else None)
        return policy

    def decide(self, situation: Situation) -> Decision:
        if cannot_pay(situation):
            left = shown(situation.left or 0)
            return Decision(False, f"the round would cost {shown(situation.cost)}, the budget has {left} left")
        level = level_of(situation)
        taking, passing = (self.values.get(Choice(level, part), 0) for part in (True, False))
        take_part, known = taking >= passing, f"{shown(taking)} for taking part and {shown(passing)} for passing"
        if self._explores(situation.round, level):
            return Decision(not take_part, f"tried out, against what was learned: {known}, in rounds' costs")
        return Decision(take_part, f"learned: {known}, in rounds' costs")

    def _learned(self, outcome: Outcome, following: Situation | None) -> Self:
        if cannot_pay(outcome.situation) and not outcome.took_part:
            return self  # there was nothing to choose
        choice = Choice(level_of(outcome.situation), outcome.took_part)
        visits = self.visits.get(choice, 0) + 1
        old, step = self.values.get(choice, 0), max(self.alpha, MILLION // visits)
        later = 0 if following is None else self.gamma * self._best(following) // MILLION
        new = old + step * (reward(outcome) + later - old) // MILLION
        return replace(self, values={**self.values, choice: new}, visits={**self.visits, choice: visits})

    def _best(self, situation: Situation) -> int:
        """Value of the best choice that there is in a situation."""
        parts = (False,) if cannot_pay(situation) else (False, True)
        return max(self.values.get(Choice(level_of(situation), part), 0) for part in parts)

    def _explores(self, round_number: int, level: Level) -> bool:
        """Whether to try the other choice: a share ``epsilon`` of a state's first visits, ever fewer of later ones."""
        visits = sum(self.visits.get(Choice(level, part), 0) for part in (True, False))
        drawn = hashlib.sha256(f"loranchor participation 1/{self.seed}/{round_number}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") % MILLION < self.epsilon * 10 // (10 + visits)


def level_of(situation: Situation) -> Level:
    """The state that a situation is in."""
    cost = max(situation.cost, 1)
    pays_for = None if situation.left is None else situation.left // cost
    return Level(
        budget=len(BUDGET_LEVELS) if pays_for is None else _level(pays_for, BUDGET_LEVELS),
        repeats=_level(situation.repeats, REPEAT_LEVELS),
        margin=_level(situation.expected * MILLION // cost, MARGIN_LEVELS),
    )


def reward(outcome: Outcome) -> int:
    """Award less cost in millionths of the cost, so that rounds of different size compare; 0 for passing."""
    return outcome.net * MILLION // max(outcome.situation.cost, 1)


def cannot_pay(situation: Situation) -> bool:
    """Whether the budget leaves nothing to choose."""
    return situation.left is not None and situation.cost > situation.left


def _level(value: int, bounds: Sequence[int]) -> int:
    return sum(value >= bound for bound in bounds)
