"""What a check says, and the table of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class AnalysisError(Exception):
    """A tool did not do its work; the message is one line."""


@dataclass(frozen=True)
class Outcome:
    """Result of one check.

    Attributes:
        name: of the check.
        summary: a few words, such as `29 findings, all accepted`.
        problems: what fails it, a line each; none when it holds.
        report: what is printed whatever the result.
        seconds: how long it took.
    """

    name: str
    summary: str
    problems: tuple[str, ...] = ()
    report: str = ""
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return not self.problems


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of text; those whose head begins with a space are aligned to the right."""
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    lines = []
    for row in [heads, ["-" * width for width in widths], *rows]:
        cells = [
            cell.rjust(width) if head.startswith(" ") else cell.ljust(width)
            for cell, width, head in zip(row, widths, heads, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def closing(outcomes: Sequence[Outcome]) -> str:
    """The table of all checks and the last line."""
    rows = [(one.name, "holds" if one.holds else "FAILS", one.summary, f"{one.seconds:.0f}") for one in outcomes]
    failed = sum(not one.holds for one in outcomes)
    return f"{table(('check', 'result', 'what', ' seconds'), rows)}\n{len(outcomes) - failed} passed, {failed} failed"
