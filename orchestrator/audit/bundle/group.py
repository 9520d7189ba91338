"""What has been read since the last checkpoint: it is under no root before the next one comes, and may never be."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.ledger.records import Record

MOST_ODD = 200
"""Odd calls of one group that are kept to be told."""


@dataclass
class Group:
    """Leaves between two checkpoints, or behind the last.

    Attributes:
        records: disclosed ones, in order; None where some are hidden, malformed, or more than are kept.
        members: those of the Consortium. disclosed, hidden: how many leaves. unsigned: disclosed without transaction.
        odd: where and why a signed call cannot have made the record, which only a root can outweigh.
        unknown: how many have a call that no contract knows.
    """

    records: list[Record] | None = field(default_factory=list)
    members: list[Record] = field(default_factory=list)
    disclosed: int = 0
    hidden: int = 0
    unsigned: int = 0
    odd: list[tuple[str, str]] = field(default_factory=list)
    unknown: int = 0

    def doubt(self, where: str, why: str) -> None:
        """Keeps an odd call."""
        if why and len(self.odd) < MOST_ODD:
            self.odd.append((where, why))
