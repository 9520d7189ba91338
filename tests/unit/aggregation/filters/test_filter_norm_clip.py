"""Clipping: caps of weights in millionths."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.types import MILLION
from tests.unit.aggregation.filters.points import judged

LENGTHS = st.floats(0.5, 2)


def caps(lengths: list[float], factor: int = MILLION) -> list[int]:
    return [verdict.weight_cap for verdict in judged("norm-clip", [[item] for item in lengths], factor=factor).values()]


def test_what_is_longer_than_the_median_weighs_less() -> None:
    assert caps([1.0, 2, 3, 20]) == [MILLION, MILLION, 666_666, 100_000]
    assert caps([1.0, 2, 3, 20], factor=1_500_000) == [MILLION, MILLION, MILLION, 150_000]


def test_nothing_is_rejected_and_a_zero_update_needs_no_cap() -> None:
    assert all(verdict.accept for verdict in judged("norm-clip", [[0.0], [0], [9]], factor=MILLION).values())
    assert caps([0.0, 0, 9]) == [MILLION, MILLION, 0]
    assert caps([5.0]) == [MILLION]


def test_of_two_the_longer_is_clipped_to_the_shorter() -> None:
    assert caps([1.0, 10]) == [MILLION, 100_000]


@given(honest=st.lists(LENGTHS, min_size=2, max_size=7), hostile=st.lists(st.floats(0, 1e9), max_size=6))
def test_a_minority_moves_the_limit_no_further_than_honest_lengths(honest: list[float], hostile: list[float]) -> None:
    hostile = hostile[: len(honest) - 1]
    found = caps([*honest, *hostile])
    for length, cap in zip([*honest, *hostile], found, strict=True):
        assert cap * length / MILLION <= max(honest) * (1 + 1e-9)
    for length, cap in zip(honest, found, strict=False):
        assert cap * length / MILLION >= min(honest) * (1 - 1e-5)
