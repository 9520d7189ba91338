"""One table, two looks: rich on the terminal, markdown in the documentation. No cell is ever blank."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from benchmarks.harness.cells import NOT_RUN
from benchmarks.harness.intervals import Interval

PIPED_WIDTH = 140

Value = str | int | float | Interval | None


@dataclass(frozen=True)
class Table:
    """Rows of values; the first column names the row, the others hold figures.

    Attributes:
        note: what a reader must know to read it, in a sentence.
        digits: after the point, for floats and intervals.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    note: str = ""
    digits: int = 3
    left: frozenset[int] = field(default=frozenset({0}))

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.title}: {len(row)} values under {len(self.columns)} columns")

    def text(self, value: Value) -> str:
        """A value as both looks show it; "not run" for None and for an empty text."""
        if value is None or value == "":
            return NOT_RUN
        if isinstance(value, Interval):
            return value.text(self.digits)
        if isinstance(value, float):
            return f"{value:,.{self.digits}f}"
        return f"{value:,}" if isinstance(value, int) else value

    def rich(self, caption: str = "") -> RichTable:
        table = RichTable(title=escape(self.title), caption=escape(caption), title_justify="left")
        for place, column in enumerate(self.columns):
            table.add_column(escape(column), justify="left" if place in self.left else "right")
        for row in self.rows:
            table.add_row(*(escape(self.text(value)) for value in row))
        return table

    def markdown(self) -> str:
        """The table alone; title and note are for the page around it."""
        marks = ["---" if place in self.left else "---:" for place in range(len(self.columns))]
        lines = [self.columns, marks, *([self.text(value) for value in row] for row in self.rows)]
        return "\n".join("| " + " | ".join(_cell(part) for part in line) + " |" for line in lines)


def console() -> Console:
    """Where tables are printed; wide enough when the output is no terminal."""
    return Console() if sys.stdout.isatty() else Console(width=PIPED_WIDTH)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
