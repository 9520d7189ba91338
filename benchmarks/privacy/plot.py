"""The plot of the page: a panel for each data set, use upwards and what the strongest attacker got to the right."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from benchmarks.harness import Result
from benchmarks.privacy.figures import data_of, ends, listed, mean, strongest
from benchmarks.privacy.report import GAINS, TITLES, UNITS

WIDTH, HEIGHT = 330, 300
LEFT, TOP, RIGHT, BOTTOM = 44, 30, 16, 34
GREY = "#808080"
COLOURS = ("#2a6fb0", "#c96a1b", "#4f9a47", "#9a5bb0", "#b0473f", "#7a7a2a", "#2aa0a0", "#b04a8a", "#555f8a", "#8a6a4a")
TEXT = f'font-family="sans-serif" font-size="11" fill="{GREY}"'
Point = tuple[str, float, float]
"""A row's name, what the attacker got, and the use."""


def plot(result: Result) -> str:
    """SVG text that follows from the result alone; rows without both figures are left out."""
    panels = [(data, points(result, data)) for data in data_of(result)]
    rows = max((len(found) for _, found in panels), default=0)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * len(panels)} {HEIGHT + 16 * rows + 8}"'
             ' role="img">']  # fmt: skip
    lines.append("<title>Use and attack by privacy policy</title>")
    lines.append(f"<desc>{escape(_described(panels))}</desc>")
    for place, (data, found) in enumerate(panels):
        lines += _panel(data, found, WIDTH * place)
    return "\n".join([*lines, "</svg>"]) + "\n"


def points(result: Result, data: str) -> list[Point]:
    """Rows that have both figures."""
    found = []
    for row in listed(result, data):
        best, used = strongest(result, data, row), ends(result, data, row)
        if best is not None and used:
            found.append((row.name, best.mean, mean(used)))
    return found


def _described(panels: list[tuple[str, list[Point]]]) -> str:
    """All points in words."""
    return "; ".join(
        f"{TITLES[data]} ({UNITS[data]}; {GAINS[data]}): "
        + ", ".join(f"{name} {use:.2f}; {got:.2f}" for name, got, use in found)
        for data, found in panels
    )


def _panel(data: str, found: list[Point], x: int) -> Iterator[str]:
    low, high = min((use for *_, use in found), default=0.0), max((use for *_, use in found), default=1.0)
    margin = 0.1 * (high - low) or 1.0
    low, high = low - margin, high + margin
    if data == "sotu":  # of losses the lower is the better
        low, high = high, low
    left, right, top, bottom = x + LEFT, x + WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
    yield f'<text x="{left}" y="18" {TEXT} font-weight="bold">{escape(TITLES[data])}</text>'
    yield f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" fill="none" stroke="{GREY}"/>'
    for share in (0.0, 0.5, 1.0):
        at = left + share * (right - left)
        yield f'<text x="{at:.1f}" y="{bottom + 14}" text-anchor="middle" {TEXT}>{share:g}</text>'
    yield f'<text x="{right}" y="{bottom + 28}" text-anchor="end" {TEXT}>the attacker\'s {GAINS[data]} →</text>'
    for level, y in ((low, bottom), (high, top + 8)):
        yield f'<text x="{left - 4}" y="{y}" text-anchor="end" {TEXT}>{level:.3g}</text>'
    yield f'<text x="{left + 4}" y="{top + 14}" {TEXT}>{escape(UNITS[data])}, better ↑</text>'
    for place, (name, got, use) in enumerate(found):
        colour = COLOURS[place % len(COLOURS)]
        cx = left + (right - left) * min(max(got, 0.0), 1.0)
        cy = bottom - (bottom - top) * (use - low) / (high - low)
        yield f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="5" fill="{colour}" fill-opacity="0.8"/>'
        y = HEIGHT + 8 + 16 * place
        yield f'<circle cx="{left + 5}" cy="{y - 4}" r="5" fill="{colour}"/>'
        yield f'<text x="{left + 16}" y="{y}" {TEXT}>{escape(name)}</text>'
