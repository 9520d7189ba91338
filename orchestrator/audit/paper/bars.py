"""Where the parts of a bar chart fall, in points or pixels: the same for a page and for paper."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.audit.paper.blocks import Bars
from orchestrator.report.scale import axis

ROW = 19.0
"""From one bar to the next."""
THICK = 11.0
TOP = 22.0
"""Above the bars, for the key."""
BELOW = 18.0
"""Below the bars, for the axis."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """One part of a bar; ``series`` is its place in the key."""

    x: float
    y: float
    width: float
    series: int


@dataclass(frozen=True, slots=True)
class Row:
    """A bar's name and label; ``y`` is the middle of the bar, ``end`` where it ends."""

    name: str
    label: str
    y: float
    end: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A chart. y grows downwards.

    Attributes:
        left: where bars begin. right: where the axis ends; labels may go beyond.
        ticks: place and text on the axis.
    """

    width: float
    height: float
    left: float
    right: float
    rows: tuple[Row, ...]
    rectangles: tuple[Rectangle, ...]
    ticks: tuple[tuple[float, str], ...]


def laid_out(chart: Bars, width: float, *, left: float = 92.0, right: float = 110.0) -> Layout:
    """Place everything on that width. ``left`` and ``right`` are the room for names and labels."""
    end = width - right
    scale = axis([sum(bar.parts) for bar in chart.bars], left, end, zero=True)
    rows, rectangles = [], []
    for place, bar in enumerate(chart.bars):
        y, at = TOP + ROW * (place + 0.5), 0.0
        for series, part in enumerate(bar.parts):
            if part > 0:
                begin = scale.at(at)
                rectangles.append(Rectangle(begin, y - THICK / 2, max(scale.at(at + part) - begin, 1.0), series))
            at += part
        rows.append(Row(bar.name, bar.label, y, scale.at(at)))
    ticks = tuple((scale.at(value), f"{value:,.10g}") for value in scale.ticks)
    height = TOP + ROW * len(chart.bars) + BELOW
    return Layout(width, height, left, end, tuple(rows), tuple(rectangles), ticks)
