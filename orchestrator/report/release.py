"""The page of a release report: the verdict, each figure with its interval beside the bound, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from orchestrator.release.check import KINDS
from orchestrator.release.report import ReleaseReport, Row
from orchestrator.release.signed import SignedReport
from orchestrator.release.table import cells, number
from orchestrator.report.page import environment
from orchestrator.report.scale import axis
from orchestrator.types import MILLION

WIDTH, _LEFT, _RIGHT = 420, 24.0, 396.0
TONES = {"pass": "good", "warn": "mark", "fail": "bad", "not-run": "none"}


@dataclass(frozen=True, slots=True)
class Strip:
    """One figure on its axis; places in pixels, ``bound`` None where nothing is held against it."""

    title: str
    description: str
    ticks: tuple[tuple[float, str], ...]
    figure: float
    low: float
    high: float
    bound: float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding on the page; ``pictures`` are SVG of ours by title."""

    row: Row
    tone: str
    cells: Sequence[str]
    figures: tuple[tuple[str, str], ...]
    strip: Strip | None
    pictures: Mapping[str, Markup] = field(default_factory=dict)


def release_page(
    report: ReleaseReport, signed: SignedReport | None, pictures: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    """The page, whole: it has no script and loads nothing.

    Args:
        pictures: SVG of the checks' own making, by finding and title; in no report.
    """
    entries = [_entry(row, (pictures or {}).get(row.name, {})) for row in report.rows]
    page = environment().get_template("release.html.j2")
    told = {"kind": KINDS[report.kind], "tone": TONES[report.verdict], "width": WIDTH}
    return page.render(report=report, signed=signed, entries=entries, **told)


def _entry(row: Row, pictures: Mapping[str, str]) -> Entry:
    drawn = {title: Markup(svg) for title, svg in pictures.items()}
    return Entry(row, TONES[row.verdict], cells(row), _figures(row), strip(row), drawn)


def _figures(row: Row) -> tuple[tuple[str, str], ...]:
    return tuple((name.replace("_", " "), number(value)) for name, value in row.figures.items())


def strip(row: Row) -> Strip | None:
    """The plot of a judged figure; None where there is none."""
    if row.value not in row.figures:
        return None
    figure = row.figures[row.value] / MILLION
    low, high = (figure, figure) if row.interval is None else (row.interval[0] / MILLION, row.interval[1] / MILLION)
    bound = None if row.threshold is None else row.threshold / MILLION
    seen = [figure, low, high, *([] if bound is None else [bound])]
    scale = axis(seen, _LEFT, _RIGHT, wanted=4, zero=True)
    against = "" if bound is None else f"; it fails at {bound:.3f}"
    return Strip(
        title=f"{row.name}: {row.value}",
        description=f"{figure:.3f}, between {low:.3f} and {high:.3f}{against}.",
        ticks=tuple((scale.at(value), f"{value:g}") for value in scale.ticks),
        figure=scale.at(figure),
        low=scale.at(low),
        high=scale.at(high),
        bound=None if bound is None else scale.at(bound),
    )
