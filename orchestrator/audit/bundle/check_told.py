"""What a bundle only tells, beside what is proven: a false word that contradicts a proof is found, another is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.audit.bundle.book import Book
from orchestrator.audit.bundle.lines import Line
from orchestrator.audit.bundle.told import Anchoring, Equivocation, Payment, Sealed, Supply
from orchestrator.audit.checks.awards import follow_payments
from orchestrator.chain.public_events import (
    AwardClaim,
    AwardEvent,
    AwardsPublication,
    AwardsRootReplaced,
    AwardVoided,
    ObjectionRaised,
    Place,
)
from orchestrator.errors import FormatError
from orchestrator.ledger.awards import Award
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId, UpdateId

WORDS = (
    "where checkpoints were anchored, what was paid, and which sealed objects are there: the bundle's maker tells it, "
    "and only contradictions to what is proven are found; look it up on the public chain"
)

SIGNED = (
    "whether members signed anything else for a checkpoint: attestations are no records, and the bundle's maker shows "
    "those that it will, beside the ones that were counted"
)


MOST_TOLD = 256 << 20
"""Most bytes of payments and other told lines that are kept, each counted with what Python takes for it."""
_PAYMENT, _OTHER = 1000, 400


class ToldCheck:
    """Collects what is told.

    Attributes:
        events: of the distributor, in order. equivocations: sequence and organisation. sealed: by update.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._anchorings = 0
        self._blocks = (0, 0)
        self.events: list[AwardEvent] = []
        self.equivocations: list[tuple[int, OrganisationId]] = []
        self.sealed: dict[UpdateId, Sealed] = {}
        self._supply: int | None = None
        self._kept = 0

    def take(self, line: Line) -> None:
        """One told line.

        Raises:
            FormatError: they are more than are kept of a stranger's.
        """
        self._keep(line)
        tally = self._book.tally("told")
        if isinstance(line, Anchoring):
            self._anchorings += 1
            where = f"anchoring of checkpoint {line.sequence}"
            tally.same(where, "its place in the order", line.sequence, self._anchorings)
            tally.demand(line.block <= self._book.block, where, f"block {line.block} is after the bundle's")
        elif isinstance(line, Payment):
            self._payment(line)
        elif isinstance(line, Equivocation):
            where = f"{line.organisation}"
            tally.demand(False, where, f"equivocation at checkpoint {line.sequence}, proven on the public chain")
            self.equivocations.append((line.sequence, line.organisation))
        elif isinstance(line, Sealed):
            tally.demand(line.update_id not in self.sealed, f"sealed update {line.update_id}", "it is there twice")
            self.sealed[line.update_id] = line
        elif isinstance(line, Supply):
            tally.demand(self._supply is None, "supply", "it is there twice")
            self._supply = line.minted

    def end(self, awards: dict[int, tuple[Award, ...]], roots: dict[int, Digest], released: Sequence[str]) -> None:
        """Payments against awards, and whether anything is left out."""
        tally = self._book.tally("told")
        tally.same("anchorings", "their number", self._anchorings, self._book.checkpoint.sequence)
        tally.same("sealed updates", "those that are told", list(self.sealed), list(released))
        if tally.demand(self._supply is not None, "supply", "it is missing"):
            follow_payments(self.events, self._supply or 0, awards, roots, tally)
        self._book.leave(WORDS)
        self._book.leave(SIGNED)

    def _keep(self, line: Line) -> None:
        if isinstance(line, Payment):
            self._kept += _PAYMENT + sum(len(item) for item in line.fields.values() if isinstance(item, str))
        elif not isinstance(line, Anchoring):
            self._kept += _OTHER
        if self._kept > MOST_TOLD:
            raise FormatError(f"payments and sealed updates that are told take more than {MOST_TOLD} bytes together")

    def _payment(self, line: Payment) -> None:
        tally, fields = self._book.tally("told"), line.fields
        place = (line.block, line.log_index)
        tally.demand(place > self._blocks, f"payment in block {line.block}", "it is not in the chain's order")
        self._blocks = place
        where = Place(line.block, ZERO_DIGEST, line.transaction, line.log_index)
        self.events.append(_event(line, fields, where))


def _event(line: Payment, fields: Mapping[str, Any], place: Place) -> AwardEvent:
    """The event as an audit at the chain reads it; the line's reader has looked at its fields."""
    sequence = line.sequence
    match line.event:
        case "published":
            return AwardsPublication(sequence, fields["root"], fields["claimable_from"], place)
        case "objection":
            return ObjectionRaised(sequence, fields["organisation"], fields["reason"], fields["claimable_from"], place)
        case "replaced":
            return AwardsRootReplaced(sequence, fields["previous"], fields["current"], place)
        case "voided":
            return AwardVoided(sequence, fields["index"], place)
        case _:
            paid = fields["account"], fields["index"], int(fields["amount"])
            return AwardClaim(sequence, fields["update_id"], *paid, place)
