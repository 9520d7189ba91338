"""The held-out plot: one line an organisation, from the base model through the rounds to after the revocation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from orchestrator.report import text
from orchestrator.report.rows import HeldOut, Summary
from orchestrator.report.scale import axis, spread

Point = tuple[float, float]
Row = tuple[float | None, ...]

COLOURS = 8
_LABEL_GAP = 15.0
_SAME = 5e-7


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    label: str
    colour: int
    paths: tuple[str, ...]
    dashed: str
    dots: tuple[Dot, ...]
    label_x: float
    label_y: float
    end_y: float


@dataclass(frozen=True, slots=True)
class LineChart:
    id: str
    title: str
    description: str
    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    y_ticks: tuple[tuple[float, str], ...]
    x_ticks: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]
    revoked_x: float | None


@dataclass(frozen=True, slots=True)
class Stages:
    """The columns of the plot: base, the rounds, and the revocation's before and after where they add something."""

    labels: tuple[str, ...]
    values: dict[str, Row]
    revoked: bool

    @property
    def empty(self) -> bool:
        return all(value is None for row in self.values.values() for value in row)


def stages(summary: Summary) -> Stages:
    """The held-out figures as columns. "Before" is left out when it repeats the last round for everybody."""
    held = summary.held_out
    rounds = max((len(one.rounds) for one in held.values()), default=0)
    numbers = [row.round for row in summary.rounds]
    names = [f"round {numbers[i] if i < len(numbers) else i + 1}" for i in range(rounds)]
    revoked = any(one.after is not None for one in held.values())
    apart = revoked and any(_adds_something(one, rounds) for one in held.values())
    labels = ("base", *names, *(("before",) if apart else ()), *(("after",) if revoked else ()))
    values = {name: tuple(_row(one, rounds, apart, revoked)) for name, one in held.items()}
    return Stages(labels, values, revoked)


def _adds_something(one: HeldOut, rounds: int) -> bool:
    last = one.rounds[-1] if len(one.rounds) == rounds and rounds else None
    return one.before is not None and (last is None or abs(last - one.before) > _SAME)


def _row(one: HeldOut, rounds: int, apart: bool, revoked: bool) -> Iterator[float | None]:
    yield one.base
    yield from one.rounds
    yield from [None] * (rounds - len(one.rounds))
    if apart:
        yield one.before
    if revoked:
        yield one.after


def held_out_chart(summary: Summary, *, id: str, width: int, height: int) -> LineChart | None:
    """The plot at one size; ``None`` when nothing was measured."""
    table = stages(summary)
    if table.empty:
        return None
    longest = max(len(text.clipped(name, 14)) for name in table.values)
    left, right, top, bottom = 52.0, width - 26.0 - 7.2 * longest, 26.0, height - 30.0
    seen = [value for row in table.values.values() for value in row if value is not None]
    vertical = axis(seen, bottom, top, wanted=5)
    step = (right - left - 24) / max(len(table.labels) - 1, 1)
    xs = [round(left + 12 + index * step, 1) for index in range(len(table.labels))]
    write = text.figure(summary.metric)
    colour = {name: index % COLOURS for index, name in enumerate(summary.organisations)}
    drawn = [_line(name, colour[name], row, table, xs, vertical.at, write) for name, row in table.values.items()]
    drawn = [line for line in drawn if line.dots]
    places = spread([line.end_y for line in drawn], _LABEL_GAP, top, bottom)
    lines = tuple(_labelled(line, right + 8, place) for line, place in zip(drawn, places, strict=True))
    return LineChart(
        id=id,
        title=f"Held-out {summary.metric} by organisation",
        description=_describe(summary, table),
        width=width,
        height=height,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        y_ticks=tuple((vertical.at(tick), _tick(summary.metric, tick)) for tick in vertical.ticks),
        x_ticks=tuple(zip(xs, _short(table.labels, step), strict=True)),
        lines=lines,
        revoked_x=round((xs[-2] + xs[-1]) / 2, 1) if table.revoked and len(xs) > 1 else None,
    )


def _line(
    name: str,
    colour: int,
    row: Row,
    table: Stages,
    xs: Sequence[float],
    at: Callable[[float], float],
    write: Callable[[float], str],
) -> Line:
    points = [None if value is None else (x, at(value)) for x, value in zip(xs, row, strict=True)]
    dashed = ""
    if table.revoked and len(points) > 1:
        before, after = points[-2:]
        dashed = _path([before, after]) if before and after else ""
    dots = tuple(
        Dot(x, at(value), f"{name}, {label}: {write(value)}")
        for x, value, label in zip(xs, row, table.labels, strict=True)
        if value is not None
    )
    runs = _runs(points[:-1] if table.revoked else points)
    end = dots[-1].y if dots else 0.0
    return Line(name, text.clipped(name, 14), colour, runs, dashed, dots, 0.0, 0.0, end)


def _labelled(line: Line, x: float, y: float) -> Line:
    return replace(line, label_x=x, label_y=y)


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


def _runs(points: Sequence[Point | None]) -> tuple[str, ...]:
    """A path for each run of measured points; a gap stays a gap."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return tuple(_path(run) for run in runs if len(run) > 1)


def _tick(metric: str, value: float) -> str:
    return f"{100 * value:.4g} %" if metric == "accuracy" else f"{value:.4g}"


def _short(labels: tuple[str, ...], step: float) -> tuple[str, ...]:
    """Column names that fit: ``round 3`` shrinks to ``3``, and crowded numbers are thinned out."""
    if step >= 52:
        return labels
    brief = [label.removeprefix("round ") for label in labels]
    every = max(1, round(30 / max(step, 1)))
    return tuple(name if index % every == 0 or not name.isdigit() else "" for index, name in enumerate(brief))


def _describe(summary: Summary, table: Stages) -> str:
    better = "higher" if summary.metric == "accuracy" else "lower"
    write = text.figure(summary.metric)
    parts = []
    for name, row in table.values.items():
        seen = [(label, value) for label, value in zip(table.labels, row, strict=True) if value is not None]
        if seen:
            parts.append(f"{name}: " + ", ".join(f"{label} {write(value)}" for label, value in seen))
    return f"{better.capitalize()} is better. " + "; ".join(parts) + "."
