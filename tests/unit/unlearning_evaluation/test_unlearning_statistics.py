"""Kolmogorov–Smirnov and Student's t without a library: against enumeration, tables, and each other."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.harness import t_interval as of_the_benchmarks
from orchestrator.errors import DataError
from orchestrator.unlearning.evaluation import statistics
from orchestrator.unlearning.evaluation.statistics import forget_quality, t_interval, t_quantile


def distance_by_definition(first: list[float], second: list[float]) -> float:
    return max(
        abs(sum(a <= x for a in first) / len(first) - sum(b <= x for b in second) / len(second))
        for x in (*first, *second)
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=9),
    st.lists(st.integers(0, 9), min_size=1, max_size=9),
)
def test_the_distance_is_its_definition(first: list[float], second: list[float]) -> None:
    found = forget_quality(first, second)
    assert found.statistic == pytest.approx(distance_by_definition(first, second))
    assert 0 <= found.p_value <= 1
    assert found == forget_quality(second, first)
    assert found.p_value == pytest.approx(forget_quality(np.exp(first).tolist(), np.exp(second).tolist()).p_value)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 3), (2, 5), (4, 3)])
def test_the_counted_p_value_is_a_share_of_all_orders(n: int, m: int) -> None:
    """Every way in which n + m values can be mixed, counted."""
    distances = []
    for chosen in itertools.combinations(range(n + m), n):
        rest = [place for place in range(n + m) if place not in chosen]
        distances.append(distance_by_definition(list(chosen), rest))
    for chosen in itertools.combinations(range(n + m), n):
        rest = [place for place in range(n + m) if place not in chosen]
        found = forget_quality(list(chosen), rest)
        share = sum(other >= found.statistic - 1e-12 for other in distances) / len(distances)
        assert found.p_value == pytest.approx(share)


def test_known_p_values() -> None:
    """Two samples of five without overlap: 2 of 252 orders; the series at √(nm/(n+m))·D = 1.36 is the 5 % point."""
    assert forget_quality(range(5), range(10, 15)).p_value == pytest.approx(2 / 252)
    assert statistics._asymptotic_p(1.3581 / math.sqrt(500_000), 10**6, 10**6) == pytest.approx(0.05, abs=5e-4)
    assert forget_quality([1.0, 2.0], [1.0, 2.0]).p_value == 1.0


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.2, 0.4])
def test_the_asymptotic_p_value_is_near_the_counted_one(shift: float) -> None:
    random = np.random.default_rng(3)
    first, second = random.normal(size=200), random.normal(size=250) + shift
    found = forget_quality(first.tolist(), second.tolist())
    assert statistics._asymptotic_p(found.statistic, 200, 250) == pytest.approx(found.p_value, rel=0.15, abs=2e-3)


def test_larger_samples_use_the_series(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "_EXACT", 0)
    assert forget_quality(range(50), range(50)).p_value == 1.0
    assert forget_quality(range(50), range(50, 100)).p_value < 1e-20


def test_a_p_value_of_one_distribution_is_spread_evenly() -> None:
    random = np.random.default_rng(5)
    found = [forget_quality(*random.normal(size=(2, 30)).tolist()).p_value for _ in range(300)]
    assert sum(p <= 0.1 for p in found) / 300 < 0.15
    assert sum(p <= 0.5 for p in found) / 300 > 0.3


def test_forget_quality_needs_figures() -> None:
    for first, second in (([], [1.0]), ([1.0], []), ([math.nan], [1.0])):
        with pytest.raises(DataError):
            forget_quality(first, second)


@pytest.mark.parametrize(
    ("freedom", "expected"), [(1, 12.7062), (2, 4.30265), (4, 2.77645), (9, 2.26216), (30, 2.04227)]
)
def test_t_quantiles_of_the_tables(freedom: int, expected: float) -> None:
    assert t_quantile(0.975, freedom) == pytest.approx(expected, rel=1e-5)


def test_no_quantile() -> None:
    for probability, freedom in ((0.5, 3), (1.0, 3), (0.9, 0)):
        with pytest.raises(ValueError, match="no t quantile"):
            t_quantile(probability, freedom)


def test_interval_by_hand() -> None:
    found = t_interval([1.0, 2.0, 3.0])
    assert found.low is not None and found.high is not None
    assert (found.mean, found.n) == (2.0, 3)
    assert found.high - 2.0 == pytest.approx(4.30265 / math.sqrt(3), rel=1e-5) == pytest.approx(2.0 - found.low)
    assert t_interval([4.0]).low is None
    with pytest.raises(DataError):
        t_interval([])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=2, max_size=8))
def test_the_benchmarks_have_the_same_intervals(values: list[float]) -> None:
    mine, other = t_interval(values), of_the_benchmarks(values)
    assert (mine.mean, mine.low, mine.high) == pytest.approx((other.mean, other.low, other.high))


def test_small_p_values_are_counted_to_their_digits() -> None:
    """Two samples of 30 without overlap: 2 of C(60, 30) orders, about 1.7e-17."""
    assert forget_quality(range(30), range(30, 60)).p_value == pytest.approx(2 / math.comb(60, 30))
