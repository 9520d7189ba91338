"""Round numbers for the axes of a plot, and where they fall."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1, 2, 2.5, 5, 10)
_NOTHING = 1e-9  # a smaller difference is not worth an axis


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight axis from ``low`` to ``high`` (values) over ``start`` to ``end`` (pixels)."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """The pixel of a value, to a tenth."""
        span = self.high - self.low
        return round(self.start + (value - self.low) / span * (self.end - self.start), 1)


def _step(span: float, wanted: int) -> float:
    rough = span / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))


def axis(values: Sequence[float], start: float, end: float, *, wanted: int = 4, zero: bool = False) -> Scale:
    """An axis that holds every value, with about ``wanted`` round ticks.

    Args:
        values: what will be drawn; without any the axis runs from 0 to 1.
        zero: begin at 0, as bars must.
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= max(1e-12 * max(abs(low), abs(high)), _NOTHING):
        padding = abs(high) * 0.1 if abs(high) > 1e-6 else 1.0
        low, high = (0.0, padding * 10) if zero else (low - padding, high + padding)
    step = _step(high - low, wanted)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(float(f"{index * step:.12g}") for index in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], start, end, ticks)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places for labels: near where they are wanted, ``gap`` apart, inside ``low`` to ``high`` when there is room."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    placed = [0.0] * len(wanted)
    previous = low - gap
    for index in order:
        previous = placed[index] = max(wanted[index], previous + gap)
    limit = high
    for index in reversed(order):
        placed[index] = min(placed[index], limit)
        limit = placed[index] - gap
    return [round(place, 1) for place in placed]
