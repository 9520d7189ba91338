"""Exact Shapley values of games whose values are known."""

from __future__ import annotations

import pytest

from orchestrator.aggregation.scores import exact_shapley
from orchestrator.errors import ConfigurationError
from orchestrator.types import UpdateId

PLAYERS = [UpdateId(name) for name in "abcd"]


def test_in_an_additive_game_everybody_gets_their_own_part() -> None:
    own = dict(zip(PLAYERS, (5, 0, 30, 7), strict=True))
    assert exact_shapley(PLAYERS, lambda chosen: 100 + sum(own[player] for player in chosen)) == own


def test_gloves() -> None:
    """One left glove and two right ones: the left one is worth 2/3, each right one 1/6."""
    million = 1_000_000
    left, *right = PLAYERS[:3]
    found = exact_shapley(PLAYERS[:3], lambda chosen: million * (left in chosen and len(chosen) > 1))
    assert found == {left: 666_666, right[0]: 166_666, right[1]: 166_666}


def test_each_subset_is_measured_once_and_in_order() -> None:
    seen: list[tuple[UpdateId, ...]] = []

    def value(chosen: tuple[UpdateId, ...]) -> int:
        seen.append(chosen)
        return 0

    exact_shapley(PLAYERS, value)
    assert len(seen) == len(set(seen)) == 16
    assert seen[0] == () and all(list(chosen) == sorted(chosen) for chosen in seen)


def test_too_many_for_exact_values() -> None:
    with pytest.raises(ConfigurationError, match="2\\^9"):
        exact_shapley([UpdateId(str(number)) for number in range(9)], lambda chosen: 0)
