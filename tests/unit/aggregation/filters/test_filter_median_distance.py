"""Distances to most others: f < n/2 hostile updates."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.aggregation.distances import squared_distances
from orchestrator.aggregation.filters.median_distance import TooFewUpdates, median_distances
from orchestrator.types import MILLION
from tests.unit.aggregation.filters.points import gram_of, judged, refused

UNIT = 10


def honest(count: int) -> list[list[float]]:
    """Each in a direction of its own, all √2 apart, as updates from different data nearly are."""
    return [[float(place == axis) for axis in range(UNIT)] for place in range(count)]


def test_lower_median_of_the_distances_to_the_others() -> None:
    found = median_distances(squared_distances(gram_of([[0.0], [1], [3], [10]])))
    assert found.tolist() == pytest.approx([3, 2, 3, 9])


def test_what_lies_far_away_is_rejected_and_nothing_else() -> None:
    points = [*honest(6), [10.0] + [0.0] * 9, [0.0] * 9 + [12.0]]
    assert refused("median-distance", points, factor=2 * MILLION) == [6, 7]
    assert judged("median-distance", points, factor=2 * MILLION)[6].reason == "FAR_FROM_MOST"
    assert refused("median-distance", honest(8), factor=MILLION) == []


def test_accomplices_side_by_side_do_not_vouch_for_each_other() -> None:
    far = [[50.0 + place / 1000] + [0.0] * 9 for place in range(3)]
    assert refused("median-distance", [*honest(4), *far], factor=2 * MILLION) == [4, 5, 6]


@given(
    members=st.integers(2, 6),
    places=st.lists(st.floats(-1e4, 1e4).filter(lambda place: abs(place) > 6), min_size=1, max_size=5),
    together=st.booleans(),
)
def test_any_minority(members: int, places: list[float], together: bool) -> None:
    """Hostile ones further than 2·√2 from every honest one are rejected; honest ones are not."""
    hostile = (places[:1] * len(places) if together else places)[: members - 1]
    points = [*honest(members), *([place] + [0.0] * (UNIT - 1) for place in hostile)]
    if len(points) > 2:
        assert refused("median-distance", points, factor=2 * MILLION) == list(range(members, len(points)))


def test_two_are_too_few_to_tell() -> None:
    with pytest.raises(TooFewUpdates, match="needs 3 updates, it was given 2"):
        judged("median-distance", honest(2), factor=MILLION)


def test_equal_updates_have_no_distance() -> None:
    assert refused("median-distance", [[1.0, 2.0]] * 4, factor=MILLION) == []
    assert math.isclose(float(median_distances(torch.zeros(3, 3, dtype=torch.float64)).sum()), 0)
