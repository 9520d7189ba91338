"""Exact Shapley values of a round's contributions, in integers.

L. S. Shapley, "A Value for n-Person Games", 1953. Every subset is measured once: 2ⁿ evaluations, so it is meant for up
to :data:`MOST_EXACT` contributions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from math import comb, floor

from orchestrator.aggregation.scores.values import Value
from orchestrator.errors import ConfigurationError
from orchestrator.types import UpdateId

MOST_EXACT = 8


def exact_shapley(players: Sequence[UpdateId], value: Value) -> dict[UpdateId, int]:
    """Shapley value of each player, rounded down to millionths: together fewer than one a player below value(all) −
    value(none).

    Args:
        players: at most :data:`MOST_EXACT`, in the manifest's order.
        value: called with the players' order kept, the empty subset first, each subset once.

    Raises:
        ConfigurationError: there are more.
    """
    count = len(players)
    if count > MOST_EXACT:
        raise ConfigurationError(
            f"exact Shapley values of {count} contributions need 2^{count} measurements",
            mend=f"use the sampled scores above {MOST_EXACT} contributions",
        )
    worth = {frozenset(chosen): value(chosen) for size in range(count + 1) for chosen in combinations(players, size)}
    return {player: floor(_share(player, players, worth)) for player in players}


def _share(player: UpdateId, players: Sequence[UpdateId], worth: dict[frozenset[UpdateId], int]) -> Fraction:
    others = [item for item in players if item != player]
    total = Fraction(0)
    for size in range(len(others) + 1):
        gains = sum(
            worth[frozenset((*chosen, player))] - worth[frozenset(chosen)] for chosen in combinations(others, size)
        )
        total += Fraction(gains, comb(len(others), size))
    return total / len(players)
