"""Copies: the later of two that point the same way."""

from __future__ import annotations

import math

from tests.unit.aggregation.filters.points import judged, refused


def test_the_first_is_kept_whatever_the_lengths() -> None:
    points = [[1.0, 0, 0], [0, 1, 0], [7, 0, 0], [0, 0.1, 0], [0, 0, 1]]
    assert refused("copies", points, cosine=999_000) == [2, 3]
    assert judged("copies", points, cosine=999_000)[2].reason == "COPY_OF_ANOTHER"


def test_the_threshold_is_a_cosine() -> None:
    points = [[1.0, 0], [math.cos(math.radians(30)), math.sin(math.radians(30))]]
    assert refused("copies", points, cosine=866_000) == [1]
    assert refused("copies", points, cosine=866_100) == []


def test_the_opposite_and_nothing_are_no_copies() -> None:
    assert refused("copies", [[1.0, 2], [-1, -2], [0, 0], [0, 0]], cosine=1) == []


def test_one_update_alone() -> None:
    assert refused("copies", [[1.0]], cosine=1) == []
