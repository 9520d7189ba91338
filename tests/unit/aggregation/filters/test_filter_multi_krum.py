"""Multi-Krum on points of a plane."""

from __future__ import annotations

import pytest
import torch

from orchestrator.aggregation.filter import TooFewUpdates
from orchestrator.aggregation.filters.krum import nearest
from tests.unit.aggregation.filters.points import judged, refused

POINTS = [[0.0, 0], [0.1, 0], [0, 0.1], [0.1, 0.1], [9, 9], [0.05, 0]]


def test_what_is_far_away_is_left_out() -> None:
    assert refused("multi-krum", POINTS, hostile=1, keep=0) == [4]
    assert judged("multi-krum", POINTS, hostile=1)[4].reason == "KRUM_OUTLIER"


def test_one_is_kept_by_plain_krum() -> None:
    assert refused("multi-krum", POINTS, hostile=1, keep=1) == [0, 1, 2, 3, 4]


def test_never_more_than_all_but_the_hostile_are_kept() -> None:
    assert refused("multi-krum", POINTS, hostile=1, keep=255) == [4]


def test_too_few_updates() -> None:
    with pytest.raises(TooFewUpdates, match="needs 5, it was given 4"):
        nearest(torch.zeros((4, 4), dtype=torch.float64), 1)
