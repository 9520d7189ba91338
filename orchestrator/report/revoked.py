"""The chapter on revocations: each request's steps, what it did to the model, figures, receipts and what is late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.report import text
from orchestrator.report.bars import BarChart, bar_chart
from orchestrator.report.rows import ReceiptRow, Revocation, Summary
from orchestrator.report.steps import Step, steps_of

SCOPES = {
    "organisation": "all contributions of their owners that counted",
    "round": "all contributions of one round",
    "contributions": "named contributions",
}
APPROVED_BY = {"owner": "the owner's own wish, which needs nobody's consent", "quorum": "a quorum of the members"}
AWARDS = {
    "keep": "Awards that nobody had claimed stay payable.",
    "vested": "Of the awards that nobody had claimed only those stay payable that had vested by its checkpoint.",
    "void": "Awards that nobody had claimed are to be void.",
}
STAGES = {
    "requested": "waits for support",
    "approved": "approved, not replaced yet",
    "affected": "approved, not replaced yet",
    "replaced": "replaced, not measured by all",
    "verified": "measured, not certified",
    "certified": "certified, receipts are missing",
    "shredded": "certified and shredded by every member",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """A member's receipt for destroyed keys, or that it has none: ``late`` in blocks of the private chain."""

    organisation: str
    row: ReceiptRow | None
    block: int | None
    time: str | None
    late: int


@dataclass(frozen=True, slots=True)
class Chapter:
    """One request.

    Attributes:
        place: 1 for the first; ids on the page are made of it.
        state, tone: how far it has come, in words, and the tone of its badge.
        figures: plots before and after, one a metric.
        receipts: by member; those of members that leave are told, too.
    """

    place: int
    found: Revocation
    state: str | None
    tone: str
    steps: tuple[Step, ...]
    figures: tuple[tuple[str, BarChart], ...]
    receipts: tuple[Receipt, ...]


def chapters(summary: Summary) -> tuple[Chapter, ...]:
    """Every request of the run, in order."""
    return tuple(_chapter(summary, place, found) for place, found in enumerate(summary.revocations, start=1))


def _chapter(summary: Summary, place: int, found: Revocation) -> Chapter:
    stage = found.standing.stage
    state = None if stage is None else STAGES.get(stage, stage)
    tone = "good" if stage == "shredded" else "bad" if found.overdue else "mark"
    plots = tuple(_plots(summary, place, found))
    return Chapter(place, found, state, tone, steps_of(found), plots, tuple(_receipts(summary, found)))


def _plots(summary: Summary, place: int, found: Revocation) -> Iterator[tuple[str, BarChart]]:
    metrics = dict.fromkeys(row.metric if row.metric is not None else summary.metric for row in found.results)
    for number, metric in enumerate(metrics, start=1):
        rows = [row for row in found.results if (row.metric if row.metric is not None else summary.metric) == metric]
        write = text.figure(metric)
        plot = bar_chart(
            {row.organisation: (row.before, row.after) for row in rows},
            id=f"revocation-{place}-figures-{number}",
            title=f"Held-out {metric} by organisation, before and after",
            series=("before", "after"),
            write=write,
            tick=_per_cent if metric == "accuracy" else text.compact,
        )
        if plot is not None:
            yield metric, plot


def _per_cent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _receipts(summary: Summary, found: Revocation) -> Iterator[Receipt]:
    """Rows for members with a receipt, and, once there is a certificate, for those that owe one."""
    events = {event.organisation: event for event in found.events if event.step == "shredded"}
    for row in found.receipts:
        event = events.get(row.organisation)
        block, time = (None, None) if event is None else (event.block, event.time)
        yield Receipt(row.organisation, row, block, time, 0)
    if found.standing.stage != "certified":
        return
    given = {row.organisation for row in found.receipts}
    for name in found.standing.members or summary.organisations:
        if name not in given:
            yield Receipt(name, None, None, None, found.overdue)
