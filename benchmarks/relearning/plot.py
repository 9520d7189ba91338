"""The plot of the page: a small panel for each method, with its relearning curves and those of the retrained model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.harness import Result
from benchmarks.relearning.figures import attackers, curves, ended, mean, unlearned
from benchmarks.relearning.sizes import RETRAINED

COLUMNS, WIDTH, HEIGHT = 4, 190, 150
LEFT, TOP, RIGHT, BOTTOM = 34, 24, 10, 22
COLOURS = ("#2a6fb0", "#c96a1b", "#4f9a47", "#9a5bb0", "#b0473f", "#7a7a2a")
GREY = "#808080"
TEXT = f'font-family="sans-serif" font-size="11" fill="{GREY}"'


def plot(result: Result) -> str:
    """SVG text that follows from the result alone; lines are means over seeds."""
    names, ks = unlearned(result), attackers(result)
    rows = -(-len(names) // COLUMNS)
    size = f"{COLUMNS * WIDTH} {rows * HEIGHT + 30}"
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img">']
    lines.append("<title>Relearning curves</title>")
    lines.append(f"<desc>{escape(_described(result, names, ks))}</desc>")
    for place, name in enumerate(names):
        lines += _panel(result, name, ks, WIDTH * (place % COLUMNS), HEIGHT * (place // COLUMNS))
    lines += _legend(ks, rows * HEIGHT + 16)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _described(result: Result, names: Sequence[str], ks: Sequence[int]) -> str:
    """The ends of all curves in words."""
    parts = [
        f"{name} " + ", ".join(f"k={k} {mean(ended(result, name, k)):.1f}" for k in ks if ended(result, name, k))
        for name in (RETRAINED, *names)
    ]
    return "Percent right on held-out forgotten images at the end of the attack: " + "; ".join(parts)


def _panel(result: Result, name: str, ks: Sequence[int], x: int, y: int) -> Iterator[str]:
    low, high = y + HEIGHT - BOTTOM, y + TOP
    yield f'<text x="{x + LEFT}" y="{y + 16}" {TEXT} font-weight="bold">{escape(name)}</text>'
    for share in (0.0, 0.5, 1.0):
        level = low + share * (high - low)
        yield (
            f'<line x1="{x + LEFT}" x2="{x + WIDTH - RIGHT}" y1="{level:.1f}" y2="{level:.1f}" '
            f'stroke="{GREY}" stroke-opacity="0.35"/>'
        )
        yield f'<text x="{x + LEFT - 4}" y="{level + 4:.1f}" text-anchor="end" {TEXT}>{100 * share:.0f}</text>'
    for place, k in enumerate(ks):
        colour = COLOURS[place % len(COLOURS)]
        yield from _line(result, RETRAINED, k, x, y, f'stroke="{colour}" stroke-dasharray="3 3" stroke-opacity="0.6"')
        yield from _line(result, name, k, x, y, f'stroke="{colour}" stroke-width="1.8"')
    steps = curves(result, name, ks[0])[0]
    yield f'<text x="{x + WIDTH - RIGHT}" y="{low + 14}" text-anchor="end" {TEXT}>{steps[-1]} steps</text>'


def _line(result: Result, name: str, k: int, x: int, y: int, look: str) -> Iterator[str]:
    steps, found = curves(result, name, k)
    if not found:
        return
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    means = [mean(values) for values in zip(*found, strict=True)]
    points = " ".join(
        f"{x + LEFT + width * step / max(steps[-1], 1):.1f},{y + TOP + height * (1 - value):.1f}"
        for step, value in zip(steps, means, strict=True)
    )
    yield f'<polyline points="{points}" fill="none" {look}/>'


def _legend(ks: Sequence[int], y: int) -> Iterator[str]:
    for place, k in enumerate(ks):
        x, colour = LEFT + 70 * place, COLOURS[place % len(COLOURS)]
        yield f'<line x1="{x}" x2="{x + 18}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="1.8"/>'
        yield f'<text x="{x + 24}" y="{y + 4}" {TEXT}>k = {k}</text>'
    x = LEFT + 70 * len(ks)
    yield f'<line x1="{x}" x2="{x + 18}" y1="{y}" y2="{y}" stroke="{GREY}" stroke-dasharray="3 3"/>'
    yield f'<text x="{x + 24}" y="{y + 4}" {TEXT}>the retrained model under the same attack; percent right</text>'
