"""Horizontal bars: one row a name, one bar a series, the figure at the end of the bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.report import text
from orchestrator.report.scale import axis

_BAR, _GAP, _ROW_GAP, _CHARACTER = 14.0, 3.0, 12.0, 7.2


@dataclass(frozen=True, slots=True)
class Bar:
    y: float
    length: float
    series: int
    figure: str
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    label: str
    middle: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class BarChart:
    id: str
    title: str
    description: str
    width: int
    height: int
    left: float
    top: float
    bottom: float
    thickness: float
    legend: tuple[tuple[int, str], ...]
    ticks: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]


def bar_chart(
    rows: Mapping[str, Sequence[float | None]],
    *,
    id: str,
    title: str,
    series: Sequence[str],
    write: Callable[[float], str],
    tick: Callable[[float], str],
    width: int = 380,
) -> BarChart | None:
    """A plot of ``rows``; ``None`` when no figure was recorded.

    Args:
        rows: for each name as many figures as there are series; ``None`` where one was not recorded.
        write: how a figure is written beside its bar.
        tick: how a figure is written on the axis.
    """
    seen = [value for row in rows.values() for value in row if value is not None]
    if not seen:
        return None
    recorded = [index for index in range(len(series)) if any(row[index] is not None for row in rows.values())]
    labels = {name: text.clipped(name, 18) for name in rows}
    left = round(14 + _CHARACTER * max(len(label) for label in labels.values()), 1)
    margin = 12 + _CHARACTER * max(len(write(value)) for value in seen)
    scale = axis(seen, left, width - margin, wanted=4, zero=True)
    top = 30.0 if len(recorded) > 1 else 8.0
    y, drawn = top + _ROW_GAP / 2, []
    for name, row in rows.items():
        bars: list[Bar] = []
        for index, value in enumerate(row):
            if value is not None:
                length = max(round(scale.at(value) - left, 1), 0.0)
                title = f"{name}, {series[index]}: {write(value)}"
                bars.append(Bar(round(y + len(bars) * (_BAR + _GAP), 1), length, index, write(value), title))
        thick = max(len(bars), 1) * (_BAR + _GAP) - _GAP
        drawn.append(Row(name, labels[name], round(y + thick / 2, 1), tuple(bars)))
        y += thick + _ROW_GAP
    bottom = round(y - _ROW_GAP / 2, 1)
    description = "; ".join(bar.title for row in drawn for bar in row.bars) + "."
    legend = tuple((index, series[index]) for index in recorded) if len(recorded) > 1 else ()
    ticks = tuple((scale.at(value), tick(value)) for value in scale.ticks)
    height = round(bottom + 24)
    return BarChart(id, title, description, width, height, left, top, bottom, _BAR, legend, ticks, tuple(drawn))
