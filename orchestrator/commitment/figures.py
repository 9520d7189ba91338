"""The members' figures in a certificate, and what follows from them: anybody with the rows computes the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.ledger.canonical import Document
from orchestrator.ledger.entities import LedgerState, Revocation, Update, Verification
from orchestrator.ledger.records import Position
from orchestrator.types import Digest, OrganisationId

UNAVAILABLE = "unavailable"
"""Metric of figures that a member could not give: what they are about was shredded under another request."""
OUT_OF_RANGE = "out_of_range"
"""Metric of figures that no honest member measures, written as zeros: no one number may keep a certificate from being
made. The contract takes 64 bits, canonical objects hold 53."""
MOST_VALUE, MOST_SAMPLES = 2**52 - 1, 2**44
"""Beyond these a row is out of range: differences of two values and sums over 256 members stay below 2⁵³."""


def place_of(position: Position) -> Document:
    """Where a record stands on the private chain."""
    return {"block": position.block, "log_index": position.log_index}


def results_of(state: LedgerState, revocation: Revocation) -> list[Document]:
    """The members' figures recorded before the first endorsement, by organisation, each with the place of its record,
    which the member's delegate signed, and the digest of the data statement that its last update before named."""
    return [
        {
            "organisation": organisation,
            **_measured(figures),
            "recorded": place_of(figures.recorded),
            "data_statement": _statement(state, organisation, figures.recorded),
        }
        for organisation, figures in sorted(revocation.verifications.items())
        if revocation.verified is None or figures.recorded < revocation.verified
    ]


def _measured(figures: Verification) -> Document:
    before, after, samples = figures.before, figures.after, figures.samples
    if max(abs(before), abs(after)) > MOST_VALUE or samples > MOST_SAMPLES:
        return {"metric": OUT_OF_RANGE, "before": 0, "after": 0, "samples": 0}
    return {"metric": figures.metric, "before": before, "after": after, "samples": samples}


def _statement(state: LedgerState, organisation: OrganisationId, before: Position) -> Digest | None:
    """What the member has said last of its data; None where it never sent an update."""
    own = [item for item in state.updates.values() if item.organisation == organisation and item.submitted < before]
    last: Update | None = max(own, key=lambda item: item.submitted, default=None)
    return None if last is None else last.data_statement_digest


def figures_of(rows: Sequence[Mapping[str, Any]]) -> list[Document]:
    """What follows from the rows, by metric: how many members and samples, the medians of what they measured before and
    after, and median, least and largest change, all in millionths. A median is the lower of the two middle values.

    Rows without figures do not count.
    """
    metrics = sorted({row["metric"] for row in rows} - {UNAVAILABLE, OUT_OF_RANGE})
    return [_figure(metric, [row for row in rows if row["metric"] == metric]) for metric in metrics]


def _figure(metric: str, rows: Sequence[Mapping[str, Any]]) -> Document:
    changes = [row["after"] - row["before"] for row in rows]
    return {
        "metric": metric,
        "members": len(rows),
        "samples": sum(row["samples"] for row in rows),
        "before": lower_median([row["before"] for row in rows]),
        "after": lower_median([row["after"] for row in rows]),
        "change": lower_median(changes),
        "least_change": min(changes),
        "largest_change": max(changes),
    }


def lower_median(values: Sequence[int]) -> int:
    """The middle value, or the lower of the two middle ones; ``values`` has at least one."""
    return sorted(values)[(len(values) - 1) // 2]
