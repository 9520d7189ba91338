"""Means over seeds with an interval: Student's t, or the percentile bootstrap; one value has none and says so."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

LEVEL = 0.95
RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over ``n`` seeds. ``low`` and ``high`` are None where one value, or none, gives no interval."""

    mean: float | None
    low: float | None
    high: float | None
    n: int
    kind: str
    level: float = LEVEL

    def text(self, digits: int = 3) -> str:
        """``0.512 [0.498, 0.526] (n=3)``, ``0.512 (n=1)``, or "not run"; cells that are missing make ``n`` smaller."""
        if self.mean is None:
            return "not run"
        if self.low is None or self.high is None:
            return f"{self.mean:.{digits}f} (n=1)"
        return f"{self.mean:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}] (n={self.n})"


def t_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Mean ± t·s/√n, which holds for figures that are about normal over seeds."""
    short = _without_spread(values, "t", level)
    if short is not None:
        return short
    n, mean = len(values), math.fsum(values) / len(values)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = t_quantile((1 + level) / 2, n - 1) * spread / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n, "t", level)


def bootstrap_interval(values: Sequence[float], level: float = LEVEL, seed: int = 0) -> Interval:
    """Percentiles of the means of resampled values; for figures that are skewed. Too narrow below about ten values."""
    short = _without_spread(values, "bootstrap", level)
    if short is not None:
        return short
    n, draw = len(values), random.Random(seed)
    means = sorted(math.fsum(draw.choices(values, k=n)) / n for _ in range(RESAMPLES))
    tail = round((1 - level) / 2 * RESAMPLES)
    return Interval(math.fsum(values) / n, means[tail], means[RESAMPLES - 1 - tail], n, "bootstrap", level)


def t_quantile(probability: float, freedom: int) -> float:
    """Quantile of Student's t for a probability above 0.5, by bisection of its distribution function."""
    if not 0.5 < probability < 1 or freedom < 1:
        raise ValueError(f"no t quantile for {probability} with {freedom} degrees of freedom")
    low, high = 0.0, 1.0
    while _t_distribution(high, freedom) < probability:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_distribution(middle, freedom) < probability else (low, middle)
    return high


def _without_spread(values: Sequence[float], kind: str, level: float) -> Interval | None:
    if len(values) > 1:
        return None
    return Interval(float(values[0]) if values else None, None, None, len(values), kind, level)


def _t_distribution(t: float, freedom: int) -> float:
    """P(T ≤ t) for t ≥ 0: a finite sum for whole degrees of freedom (Abramowitz & Stegun 26.7.3 and 26.7.4)."""
    angle = math.atan2(t, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    term = cosine if freedom % 2 else 1.0
    total = 0.0
    for k in range(1 if freedom % 2 else 0, freedom - 1, 2):
        total += term
        term *= cosine**2 * (k + 1) / (k + 2)
    inside = 2 / math.pi * (angle + sine * total) if freedom % 2 else sine * total
    return (1 + inside) / 2
