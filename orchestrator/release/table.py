"""A release report as a table for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestrator.release.report import ReleaseReport, Row
from orchestrator.types import MILLION

STYLES = {"pass": "green", "warn": "yellow", "fail": "bold red", "not-run": "dim"}


def show(report: ReleaseReport, console: Console) -> None:
    """Print what was found, what gave it away, and the verdict."""
    table = Table(
        "check", "verdict", "figure", "interval", "fails at", "why", title="Release check", title_justify="left"
    )
    for row in report.rows:
        verdict = Text(row.verdict, style=STYLES[row.verdict])
        table.add_row(row.name, verdict, *cells(row), Text(row.why))
    console.print(table)
    for row in report.rows:
        for name in row.named:
            told = f"the model knows {name!r}" if row.name == "canaries" else name
            console.print(f"{row.name}: {told}", markup=False, highlight=False)
    if report.missing:
        console.print(f"Demanded and not run: {', '.join(report.missing)}", markup=False, highlight=False)
    last = f"Verdict by {report.policy}: {report.verdict}"
    console.print(last, style=STYLES[report.verdict], markup=False, highlight=False)


def cells(row: Row) -> tuple[str, str, str]:
    """The judged figure, its interval and its bound, for people."""
    figure = number(row.figures.get(row.value))
    interval = "" if row.interval is None else f"{number(row.interval[0])} to {number(row.interval[1])}"
    return f"{row.value} {figure}".strip(), interval, number(row.threshold)


def number(millionths: int | None) -> str:
    """Three places; nothing for None."""
    return "" if millionths is None else f"{millionths / MILLION:.3f}"
