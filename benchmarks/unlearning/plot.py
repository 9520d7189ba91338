"""Two plots as SVG text that follows from the result alone: gaps under attack by row, and curves by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape

from benchmarks.harness import Interval, Result, t_interval
from benchmarks.unlearning.cells import best, few
from benchmarks.unlearning.gate import WITHIN, attack_gaps, curves, ks_of
from benchmarks.unlearning.modes import DROP, HEAL, ORIGINAL, RETRAINED
from benchmarks.unlearning.report import UNATTACKED, shown
from benchmarks.unlearning.worlds import WORLDS

WIDTH, LABELS, RIGHT = 760, 200, 30
ROW, HEAD, GAP, HEIGHT = 22, 44, 30, 180
MOST = 40.0
"""Points that are drawn; gaps beyond are drawn at the edge."""
COLOURS = ("#555555", "#b0352a", "#2a6fb0", "#3b8f4f", "#8a5fb0", "#b07a1f", "#1f9aa0", "#c05a9a")
STYLE = (
    "text{font:12px sans-serif;fill:#333}.t{font-weight:bold;font-size:13px}.a{fill:#777}.g{stroke:#ccc}"
    ".band{fill:#3b8f4f;opacity:.12}@media(prefers-color-scheme:dark){text{fill:#ddd}.a{fill:#999}.g{stroke:#444}}"
)


def gaps_plot(result: Result) -> str:
    """A dot with its interval for each row and k; the band is what the gate allows."""
    top = 0
    parts: list[str] = []
    for name, world in WORLDS.items():
        parts.append(_title(f"{world.title}: gap to retrained under attack, points", top))
        listed = [row for row in shown(result, name) if row not in UNATTACKED]
        bottom = top + HEAD + ROW * len(listed)
        parts += _scale(top, bottom)
        for place, row in enumerate(listed):
            y = top + HEAD + ROW * place + ROW // 2
            parts.append(f'<text x="{LABELS - 14}" y="{y + 4}" text-anchor="end">{escape(row)}</text>')
            for turn, k in enumerate(ks := ks_of(result, name)):
                found = t_interval(attack_gaps(result, name, row, k))
                parts += _dot(found, y + 6 * turn - 3 * (len(ks) - 1), _colour(turn), f"{row}, k={k}: {found.text(1)}")
        legend = [(f"k={k}", turn) for turn, k in enumerate(ks_of(result, name))]
        parts += _legend(legend, bottom + 34)
        top = bottom + 34 + GAP
    return _drawing(parts, top, "Gaps to the retrained model under attack")


def curves_plot(result: Result) -> str:
    """Forget figures by step, with the largest k; means over seeds."""
    top = 0
    parts: list[str] = []
    for name, world in WORLDS.items():
        ks = ks_of(result, name)
        chosen = (RETRAINED, ORIGINAL, DROP, HEAL, *(best() if name == "vader" else few()))
        for k in (ks[0], ks[-1]) if ks else ():
            drawn = [(row, *_mean_curve(result, name, row, k)) for row in chosen]
            parts += _panel(f"{world.title}: forget, %, by step of the attack, k={k}", drawn, top)
            top += HEAD + HEIGHT + 44 + 18 * (len(chosen) // 4)
    return _drawing(parts, top, "What comes back under attack")


def _panel(title: str, drawn: Sequence[tuple[str, Sequence[int], Sequence[float]]], top: int) -> Iterator[str]:
    yield _title(title, top)
    ends = [steps[-1] for _, steps, _ in drawn if steps]
    last, bottom = max(ends, default=1), top + HEAD + HEIGHT
    for share in (0, 25, 50, 75, 100):
        y = bottom - HEIGHT * share / 100
        yield f'<line class="g" x1="50" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="a" x="42" y="{y + 4}" text-anchor="end">{share}</text>'
    for place, (row, steps, values) in enumerate(drawn):
        points = " ".join(
            f"{50 + (WIDTH - RIGHT - 50) * step / last:.1f},{bottom - HEIGHT * min(1.0, max(0.0, value)):.1f}"
            for step, value in zip(steps, values, strict=True)
        )
        look = f'fill="none" stroke="{_colour(place)}" stroke-width="2"'
        yield f'<polyline {look} points="{points}"><title>{escape(row)}</title></polyline>'
    yield from _legend([(row, place) for place, (row, _, _) in enumerate(drawn)], bottom + 24)


def _mean_curve(result: Result, world: str, row: str, k: int) -> tuple[Sequence[int], Sequence[float]]:
    found = curves(result, world, row, k)
    if not found:
        return (), ()
    return found[0][0], [sum(values) / len(values) for values in zip(*(curve for _, curve in found), strict=True)]


def _scale(top: int, bottom: int) -> Iterator[str]:
    low, high = _at(-WITHIN), _at(WITHIN)
    yield f'<rect class="band" x="{low}" width="{high - low}" y="{top + HEAD - 8}" height="{bottom - top - HEAD + 8}"/>'
    for points in range(-int(MOST), int(MOST) + 1, 10):
        x = _at(points)
        yield f'<line class="g" x1="{x}" x2="{x}" y1="{top + HEAD - 8}" y2="{bottom}"/>'
        yield f'<text class="a" x="{x}" y="{bottom + 14}" text-anchor="middle">{points}</text>'


def _dot(found: Interval, y: int, colour: str, told: str) -> Iterator[str]:
    if found.mean is None:
        return
    if found.low is not None and found.high is not None:
        ends = f'x1="{_at(found.low)}" x2="{_at(found.high)}" y1="{y}" y2="{y}"'
        yield f'<line stroke="{colour}" stroke-width="2" {ends}/>'
    yield f'<circle fill="{colour}" cx="{_at(found.mean)}" cy="{y}" r="3"><title>{escape(told)}</title></circle>'


def _at(points: float) -> float:
    return round(LABELS + (min(MOST, max(-MOST, points)) + MOST) / (2 * MOST) * (WIDTH - LABELS - RIGHT), 1)


def _legend(listed: Sequence[tuple[str, int]], top: int) -> Iterator[str]:
    for place, (words, colour) in enumerate(listed):
        x, y = 50 + 175 * (place % 4), top + 18 * (place // 4)
        yield f'<rect fill="{_colour(colour)}" x="{x}" y="{y - 9}" width="12" height="10"/>'
        yield f'<text x="{x + 18}" y="{y}">{escape(words)}</text>'


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _title(words: str, top: int) -> str:
    return f'<text class="t" x="0" y="{top + 18}">{escape(words)}</text>'


def _drawing(parts: Sequence[str], height: int, title: str) -> str:
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    return "\n".join([opening, f"<title>{title}</title>", f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"


PLOTS: dict[str, Callable[[Result], str]] = {"unlearning-gaps.svg": gaps_plot, "unlearning-curves.svg": curves_plot}
