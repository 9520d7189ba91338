"""Relearning curves: held-out forget accuracy by step of the attack, a plot a k, all on one scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from orchestrator.report.evaluation import RETRAINED, UNLEARNED, Attack
from orchestrator.report.scale import Scale, axis

WIDTH, HEIGHT = 380, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 366.0, 34.0, 206.0
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One model's curve: mean over seeds, and the band from the least to the most where there are several."""

    name: str
    index: int
    path: str
    band: str
    dots: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class CurveChart:
    id: str
    title: str
    description: str
    caption: str
    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    y_ticks: tuple[tuple[float, str], ...]
    x_ticks: tuple[tuple[float, str], ...]
    series: tuple[Series, ...]


def relearning_charts(attacks: Sequence[Attack]) -> tuple[CurveChart, ...]:
    """The plots; none of a k whose curves hold no figure."""
    seen = [
        100 * value
        for attack in attacks
        for curve in attack.curves
        for values in curve.values.values()
        for value in values
        if value is not None
    ]
    if not seen:
        return ()
    vertical = axis(seen, _BOTTOM, _TOP, wanted=4)
    made = (_chart(place, attack, vertical) for place, attack in enumerate(attacks, start=1))
    return tuple(chart for chart in made if chart.series)


def caption(k: int) -> str:
    """What the attacker has."""
    if k == 0:
        return "k = 0: only retained data"
    return f"k = {k}: {k} forget example{'' if k == 1 else 's'} among retained data"


def _chart(place: int, attack: Attack, vertical: Scale) -> CurveChart:
    steps = [step for curve in attack.curves for step in curve.steps]
    across = axis([0, *steps], _LEFT, _RIGHT, wanted=4, zero=True)
    series = tuple(_series(attack, across, vertical))
    title = f"Held-out forget accuracy under relearning with k = {attack.k}"
    told = "; ".join(f"{one.name}: " + ", ".join(words for _, _, words in one.dots) for one in series)
    return CurveChart(
        id=f"relearning-{place}",
        title=title,
        description=f"Mean over seeds. {told}.",
        caption=caption(attack.k),
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=_RIGHT,
        top=_TOP,
        bottom=_BOTTOM,
        y_ticks=tuple((vertical.at(tick), f"{tick:.4g} %") for tick in vertical.ticks),
        x_ticks=tuple((across.at(tick), f"{tick:,.4g}") for tick in across.ticks),
        series=series,
    )


def _series(attack: Attack, across: Scale, vertical: Scale) -> Iterator[Series]:
    for index, role in enumerate((UNLEARNED, RETRAINED)):
        rows = sorted(_columns(attack, role).items())
        if not rows:
            continue
        middle = [(across.at(step), vertical.at(fmean(values))) for step, values in rows]
        low = [(across.at(step), vertical.at(min(values))) for step, values in rows]
        high = [(across.at(step), vertical.at(max(values))) for step, values in rows]
        band = _path([*low, *reversed(high)]) + "Z" if any(len(values) > 1 for _, values in rows) else ""
        words = [f"step {step} {fmean(values):.1f} %" for step, values in rows]
        dots = tuple((x, y, told) for (x, y), told in zip(middle, words, strict=True))
        yield Series(role, index, _path(middle), band, dots)


def _columns(attack: Attack, role: str) -> dict[int, list[float]]:
    """Per cent at each step, of all seeds that have a figure there."""
    found: dict[int, list[float]] = {}
    for curve in attack.curves:
        for step, value in zip(curve.steps, curve.values.get(role, ()), strict=False):
            if value is not None:
                found.setdefault(step, []).append(100 * value)
    return found


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
