"""How each judged figure moved over several reports: the same model family, one manifest after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.errors import ConfigurationError
from orchestrator.release.report import ReleaseReport, Row


@dataclass(frozen=True, slots=True)
class Line:
    """One finding over the reports.

    Attributes:
        figures: millionths, in the order of the reports; None where it was not measured. verdicts: beside them.
        moved: whether the last two intervals lie apart, so that the figure moved by more than samples explain:
            ``rose``, ``fell``, or "" for neither, and where there are no two.
    """

    name: str
    value: str
    figures: tuple[int | None, ...]
    verdicts: tuple[str, ...]
    moved: str


def trend(reports: Sequence[ReleaseReport]) -> tuple[Line, ...]:
    """A line for every finding with a figure, in the order of the first report that has it.

    Raises:
        ConfigurationError: fewer than two reports, one twice, or of different kinds of models or policies.
    """
    if len(reports) < 2 or len({report.digest for report in reports}) != len(reports):
        raise ConfigurationError("a trend is of two or more different reports", mend="name them, the oldest first")
    if len({(report.kind, report.policy_digest) for report in reports}) > 1:
        raise ConfigurationError(
            "the reports are of different kinds of models, or by different policies",
            mend="compare reports by one policy, as it was at one time",
        )
    rows = [{row.name: row for row in report.rows} for report in reports]
    names = dict.fromkeys((row.name, row.value) for report in reports for row in report.rows if row.value)
    return tuple(_line(name, value, [found.get(name) for found in rows]) for name, value in names)


def _line(name: str, value: str, rows: Sequence[Row | None]) -> Line:
    figures = tuple(None if row is None else row.figures.get(value) for row in rows)
    verdicts = tuple("not-run" if row is None else row.verdict for row in rows)
    return Line(name, value, figures, verdicts, _moved(rows))


def _moved(rows: Sequence[Row | None]) -> str:
    last = [row.interval for row in rows if row is not None and row.interval is not None][-2:]
    if len(last) < 2:
        return ""
    (low, high), (now_low, now_high) = last
    return "rose" if now_low > high else "fell" if now_high < low else ""
