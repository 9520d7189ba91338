"""The plot of the page: a dot with its interval for each row, as SVG text that follows from the result alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from benchmarks.harness import Interval, Result, t_interval
from benchmarks.quality.report import LINEAGES, SPLITS, figures, shown
from benchmarks.quality.worlds import WORLDS, World

WIDTH, LABELS, RIGHT = 760, 300, 40
ROW, HEAD, GAP = 22, 44, 26
STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
GREY, BLUE = "#808080", "#2a6fb0"
TEXT = f'font-family="sans-serif" font-size="12" fill="{GREY}"'
"""Greys and blues that can be read on light and on dark ground, since pages show the picture as a file of its own."""


def plot(result: Result) -> str:
    """All worlds below each other."""
    height, parts = 0, []
    for data, world in WORLDS.items():
        lines, below = _panel(result, data, world, height)
        parts += lines
        height = below + GAP
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    title = "<title>Quality of the common model: means and intervals</title>"
    return "\n".join([opening, title, f"<desc>{escape(_described(result))}</desc>", *parts, "</svg>"]) + "\n"


def _described(result: Result) -> str:
    """All rows in words."""
    worlds = []
    for data, world in WORLDS.items():
        rows = (f"{_label(row)} {t_interval(figures(result, data, world.metric, row)).text()}" for row in shown(result))
        worlds.append(f"{world.title}, held-out {world.metric}: " + "; ".join(rows))
    return ". ".join(worlds) + "."


def _panel(result: Result, data: str, world: World, top: int) -> tuple[list[str], int]:
    rows = [(_label(row), t_interval(figures(result, data, world.metric, row))) for row in shown(result)]
    bottom = top + HEAD + ROW * len(rows)
    lines = [
        f'<text x="0" y="{top + 18}" {TEXT} font-weight="bold">{escape(world.title)}: held-out {world.metric}</text>'
    ]
    values = [value for _, found in rows for value in _ends(found)]
    low, high, step = _scale(values) if values else (0.0, 1.0, 0.5)

    def at(value: float) -> float:
        return round(LABELS + (value - low) / (high - low) * (WIDTH - LABELS - RIGHT), 1)

    for number in range(round((high - low) / step) + 1):
        x = at(low + number * step)
        ends = f'x1="{x}" x2="{x}" y1="{top + HEAD - 8}" y2="{bottom}"'
        lines.append(f'<line {ends} stroke="{GREY}" stroke-opacity="0.35"/>')
        mark = f"{low + number * step:.3g}"
        lines.append(f'<text x="{x}" y="{bottom + 14}" text-anchor="middle" {TEXT}>{mark}</text>')
    for place, (label, found) in enumerate(rows):
        y = top + HEAD + ROW * place + ROW // 2
        lines.append(f'<text x="{LABELS - 14}" y="{y + 4}" text-anchor="end" {TEXT}>{escape(label)}</text>')
        lines += _mark(found, y, at)
    return lines, bottom + 18


def _mark(found: Interval, y: int, at: Any) -> Iterator[str]:
    if found.mean is None:
        yield f'<text x="{LABELS}" y="{y + 4}" {TEXT}>not run</text>'
        return
    if found.low is not None and found.high is not None:
        ends = f'x1="{at(found.low)}" x2="{at(found.high)}" y1="{y}" y2="{y}"'
        yield f'<line {ends} stroke="{BLUE}" stroke-width="2"/>'
    yield f'<circle cx="{at(found.mean)}" cy="{y}" r="4" fill="{BLUE}"><title>{escape(found.text())}</title></circle>'


def _label(row: dict[str, Any]) -> str:
    lineage = "" if row["lineage"] == "none" else f", {LINEAGES[row['lineage']]}"
    return f"{row['method']}, {SPLITS[row['split']]}{lineage}"


def _ends(found: Interval) -> list[float]:
    return [value for value in (found.low, found.mean, found.high) if value is not None]


def _scale(values: Sequence[float]) -> tuple[float, float, float]:
    """Round ends that hold all values, and the step of at most eight marks."""
    width = max(max(values) - min(values), 0.01)
    step = next((step for step in STEPS if width / step <= 6), STEPS[-1])
    low = step * (min(values) // step)
    high = step * (-(-max(values) // step))
    return low, max(high, low + step), step
