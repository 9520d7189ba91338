"""Two tests that need no library: are two samples of one distribution, and where does a mean over seeds lie?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.errors import DataError

LEVEL = 0.95
_EXACT = 250_000
"""Up to so many pairs the Kolmogorov–Smirnov p-value is counted, above it is the asymptotic one."""


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """Largest distance of two distribution functions, and its p-value: TOFU's forget quality, higher is better."""

    statistic: float
    p_value: float


def forget_quality(unlearned: Sequence[float], retrained: Sequence[float]) -> KolmogorovSmirnov:
    """Two-sample Kolmogorov–Smirnov test of the two models' figures of the forget samples (TOFU, arXiv 2401.06121).

    TOFU compares truth ratios. A classifier's, mean p of the wrong classes by p of the right one, rises with its loss
    sample by sample, so the test on losses has the same p-value.

    Raises:
        DataError: a side is empty or holds what is no number.
    """
    first, second = sorted(unlearned), sorted(retrained)
    n, m = len(first), len(second)
    if not n or not m or any(math.isnan(value) for value in (*first, *second)):
        raise DataError("forget quality needs figures of both models", mend="give both models forget samples")
    largest = _largest_distance(first, second)
    p = _counted_p(largest, n, m) if n * m <= _EXACT else _asymptotic_p(largest / (n * m), n, m)
    return KolmogorovSmirnov(largest / (n * m), p)


def _largest_distance(first: Sequence[float], second: Sequence[float]) -> int:
    """max |F − G| times n·m, in whole numbers."""
    n, m, i, j, largest = len(first), len(second), 0, 0, 0
    while i < n and j < m:
        value = min(first[i], second[j])
        while i < n and first[i] == value:
            i += 1
        while j < m and second[j] == value:
            j += 1
        largest = max(largest, abs(i * m - j * n))
    return largest


def _counted_p(largest: int, n: int, m: int) -> float:
    """Share of all orders of n + m values whose distance is no smaller: paths in a grid (Hodges, 1958).

    Holds without ties; with ties it is too large rather than too small.
    """
    if largest == 0:
        return 1.0
    left = [0.0] * (m + 1)  # chance that a random path that comes here was that far out before, or is so here
    for i in range(n + 1):
        for j in range(m + 1):
            if abs(i * m - j * n) >= largest:
                left[j] = 1.0
            elif i + j:  # the last of i + j values is one of the i with chance i/(i + j)
                left[j] = ((left[j] * i if i else 0.0) + (left[j - 1] * j if j else 0.0)) / (i + j)
    return left[m]


def _asymptotic_p(statistic: float, n: int, m: int) -> float:
    """Kolmogorov's series with the correction of Stephens (1970) for the number of samples."""
    root = math.sqrt(n * m / (n + m))
    scaled = (root + 0.12 + 0.11 / root) * statistic
    if scaled < 0.2:  # there the series alternates without end, and the value is 1 to twelve digits
        return 1.0
    total = math.fsum((-1) ** (j - 1) * math.exp(-2 * (j * scaled) ** 2) for j in range(1, 101))
    return min(1.0, max(0.0, 2 * total))


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over ``n`` seeds with its t-interval; without one, ``low`` and ``high`` None, where n is 1."""

    mean: float
    low: float | None
    high: float | None
    n: int
    level: float = LEVEL


def t_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Mean ± t·s/√n.

    Raises:
        DataError: no value.
    """
    if not values:
        raise DataError("there is no value to take the mean of")
    n, mean = len(values), math.fsum(values) / len(values)
    if n == 1:
        return Interval(mean, None, None, 1, level)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = t_quantile((1 + level) / 2, n - 1) * spread / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n, level)


def t_quantile(probability: float, freedom: int) -> float:
    """Quantile of Student's t above the median, by bisection of its distribution function.

    Raises:
        ValueError: a probability not in (0.5, 1), or no degree of freedom.
    """
    if not 0.5 < probability < 1 or freedom < 1:
        raise ValueError(f"no t quantile for {probability} with {freedom} degrees of freedom")
    low, high = 0.0, 1.0
    while _t_below(high, freedom) < probability:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_below(middle, freedom) < probability else (low, middle)
    return high


def _t_below(t: float, freedom: int) -> float:
    """P(T ≤ t), t ≥ 0: a finite sum for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = math.atan2(t, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = cosine if odd else 1.0, 0.0
    for k in range(1 if odd else 0, freedom - 1, 2):
        total += term
        term *= cosine**2 * (k + 1) / (k + 2)
    return (1 + (2 / math.pi * (angle + sine * total) if odd else sine * total)) / 2
