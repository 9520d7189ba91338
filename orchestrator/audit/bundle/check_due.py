"""Why checkpoints fell due: what a line says beside the disclosed records that close rounds and certify revocations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.audit.bundle.anchored import Anchored
from orchestrator.audit.bundle.book import Book
from orchestrator.audit.bundle.disclosure import ALL
from orchestrator.ledger.ids import round_of_subject, round_subject
from orchestrator.ledger.records import Record
from orchestrator.types import Digest

_REASONS = {"RoundClosed": "round_closed", "RevocationCertified": "revocation_certified"}
_MOST_ROUNDS = 1 << 64


@dataclass(frozen=True, slots=True)
class _Closing:
    """A disclosed record that makes a checkpoint due, in its block."""

    name: str
    block: int
    due: tuple[Digest, str]


class DueCheck:
    """Remembers what was closed since the last checkpoint."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._group: list[_Closing] = []
        self._open: list[_Closing] = []
        self._grown = self._hidden = self._hides = False
        self._round = self._told = self._block = 0

    def record(self, record: Record) -> None:
        """A disclosed record."""
        self._grown = True
        reason = _REASONS.get(record.kind)
        if reason is None:
            return
        fields = record.fields
        subject = round_subject(fields["round_id"]) if reason == "round_closed" else Digest(fields["request_id"])
        self._group.append(_Closing(record.name, record.block, (subject, reason)))

    def leaves(self) -> None:
        """Some are hidden."""
        self._grown = self._hidden = True

    def checkpoint(self, line: Anchored) -> None:
        """It fell due in its private block, by one of those records, in their order."""
        tally, where = self._book.tally("chain"), f"checkpoint {line.checkpoint.sequence}"
        self._block = line.checkpoint.private_block
        if self._grown:  # else the tree is that of the checkpoint before, which fell due in the same block
            self._hides, self._grown, self._hidden = self._hidden, False, False
        self._open, self._group = self._open + self._group, []
        self._pass(lambda item: item.block < self._block)
        if line.reason == "round_closed":
            number = round_of_subject(line.subject)
            if tally.demand(
                self._round < number < _MOST_ROUNDS, where, f"round {number} does not close after the last"
            ):
                self._round = number
        due, names = (line.subject, line.reason), [item.due for item in self._open]
        if due in names:
            tally.demand(names[0] == due, where, f"{self._open[0].name} fell due before it")
            del self._open[names.index(due)]
        elif tally.demand(self._may_hide(line.reason), where, "no disclosed record makes it due, as it says"):
            self._told += 1

    def end(self) -> None:
        """Nothing that has closed is without its checkpoint, but for another in the last one's block."""
        self._pass(lambda item: item.block != self._block)
        for item in self._open:
            self._book.leave(
                f"whether {item.name} made a checkpoint due that is not anchored, or the last one is by it"
            )
        if self._told:
            self._book.leave(
                f"why {self._told} checkpoints fell due, and so whether a revocation among them was left out: told"
            )

    def _may_hide(self, reason: str) -> bool:
        """Whether the record may be one of those that are not disclosed."""
        terms = self._book.rule.terms
        every = terms == (ALL,) or any(f"kind:{kind}" in terms for kind, made in _REASONS.items() if made == reason)
        return self._hides and not every

    def _pass(self, over: Callable[[_Closing], bool]) -> None:
        for item in filter(over, self._open):
            self._book.tally("chain").demand(
                False, item.name, "it made a checkpoint due, and none in its block names it"
            )
        self._open = [item for item in self._open if not over(item)]
