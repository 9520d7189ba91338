"""The terms of one secure aggregation (``loranchor/secagg-terms`` 1): what all its members know before it begins.

The digest of this document is the *session*. Every key, share, masked update and reveal names it, and every mask is
derived under it, so that nothing of one round is of any use in another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.masked_rounds import LEAST_OWNERS
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import ADDRESS
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.types import Address, Digest, OrganisationId

LEAST_MEMBERS = LEAST_OWNERS
MOST_MEMBERS = 255
RINGS = (32, 64)
MOST_WORDS = 1 << 32
MOST_CLIP = (1 << 23) - 1
"""The grid of ``ffa`` ends there (:mod:`orchestrator.contribution.grid`)."""
MOST_WEIGHT = 1 << 32
"""The weight 1 of a fold."""


def usual_threshold(members: int) -> int:
    """⌊2n/3⌋ + 1: while fewer than a third collude, two views of who dropped out show nobody's two secrets."""
    return 2 * members // 3 + 1


@dataclass(frozen=True)
class Terms(CanonicalObject):
    """See the module.

    Attributes:
        chain_id, ledger, round: where it belongs. task: the task's digest.
        parties: the members that can hold shares, in ascending order.
        threshold: how many shares make a secret, and how many members must come to the end; more than half, and
            no fewer than hide each other, since a sum may have no more owners.
        ring_bits: masks and sums are integers modulo 2**ring_bits.
        clip: the largest size of a number, in steps of the task's grid.
        most_weight: the largest integer weight of a member.
        words: how many numbers an update has. layout: digest of which they are.
    """

    format: ClassVar[str] = "loranchor/secagg-terms"
    place: ClassVar[str] = "terms"

    chain_id: int
    ledger: Address
    round: int
    task: Digest
    parties: tuple[OrganisationId, ...]
    threshold: int
    ring_bits: int
    clip: int
    most_weight: int
    words: int
    layout: Digest

    def __post_init__(self) -> None:
        count = len(self.parties)
        if not LEAST_MEMBERS <= count <= MOST_MEMBERS:
            raise SecaggRefused(
                Reason.BAD_TERMS, f"{count} members; from {LEAST_MEMBERS} to {MOST_MEMBERS} hide each other's updates"
            )
        if not count < 2 * self.threshold <= 2 * count:
            raise SecaggRefused(
                Reason.BAD_TERMS, f"threshold {self.threshold} of {count} members; more than half, and at most all"
            )
        if self.threshold < LEAST_OWNERS:
            raise SecaggRefused(
                Reason.BAD_TERMS,
                f"threshold {self.threshold}: a sum of so few shows its owners each other's updates; {LEAST_OWNERS} are"
                " the least",
            )
        if self.ring_bits not in RINGS:
            raise SecaggRefused(Reason.BAD_TERMS, f"a ring of {self.ring_bits} bits; one of {RINGS} is expected")
        if (most := self.most) >= 1 << (self.ring_bits - 1):
            raise SecaggRefused(
                Reason.OVERFLOW,
                f"{count} members, weights to {self.most_weight} and numbers to {self.clip} sum to {most}, which is not"
                f" below half of a ring of {self.ring_bits} bits",
                mend="lower the clip or the weights, or take the larger ring",
            )

    @cached_property
    def session(self) -> Digest:
        """What everything of this aggregation names."""
        return self.digest

    @property
    def most(self) -> int:
        """The largest size that a number of the sum can have: n·w·max."""
        return len(self.parties) * self.most_weight * self.clip

    def place_of(self, member: OrganisationId) -> int:
        """Where a member's shares are: its place among the members, from 1.

        Raises:
            SecaggRefused: it is none.
        """
        if member not in self.parties:
            raise SecaggRefused(Reason.NOT_A_MEMBER, f"{member} is no member of this aggregation")
        return self.parties.index(member) + 1

    def check_session(self, session: Digest, what: str) -> None:
        """Refuse what belongs to another aggregation."""
        if session != self.session:
            raise SecaggRefused(Reason.REPLAYED, f"{what} is of session {session}, this one is {self.session}")

    def members(self) -> Document:
        return {
            "chain_id": self.chain_id,
            "ledger": self.ledger,
            "round": self.round,
            "task": self.task,
            "parties": list(self.parties),
            "threshold": self.threshold,
            "ring_bits": self.ring_bits,
            "clip": self.clip,
            "most_weight": self.most_weight,
            "words": self.words,
            "layout": self.layout,
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        ledger = reader.text("ledger")
        if not ADDRESS.fullmatch(ledger):
            raise FormatError(f"terms.ledger is {ledger!r}, which is no address")
        return cls(
            chain_id=reader.integer("chain_id", least=1),
            ledger=Address(ledger),
            round=reader.integer("round", least=1),
            task=reader.digest("task"),
            parties=reader.organisations("parties"),
            threshold=reader.integer("threshold", least=1),
            ring_bits=reader.integer("ring_bits"),
            clip=reader.integer("clip", least=1, most=MOST_CLIP),
            most_weight=reader.integer("most_weight", least=1, most=MOST_WEIGHT),
            words=reader.integer("words", least=1, most=MOST_WORDS),
            layout=reader.digest("layout"),
        )
