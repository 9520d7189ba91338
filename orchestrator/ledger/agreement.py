"""The agreement that a round runs under: what the organisations have promised each other, in words and by digest.

Every member's authority accepts its digest on the private chain before a round can open under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from orchestrator.ledger.canonical import Document
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest, OrganisationId


@dataclass(frozen=True, slots=True)
class Agreement(CanonicalObject):
    """A validated agreement.

    Attributes:
        parties: the organisations, sorted. terms: one clause a text, in order.
    """

    format = "loranchor/agreement"
    place = "agreement"
    consortium_id: Digest
    title: str
    parties: tuple[OrganisationId, ...]
    purpose: str
    terms: tuple[str, ...]

    def members(self) -> Document:
        return {
            "consortium_id": self.consortium_id,
            "title": self.title,
            "parties": list(self.parties),
            "purpose": self.purpose,
            "terms": list(self.terms),
        }

    @classmethod
    def of(
        cls, consortium_id: Digest, title: str, parties: Sequence[str], purpose: str, terms: Sequence[str]
    ) -> Agreement:
        """Makes an agreement, parties in any order, and checks it as a reader would."""
        named = tuple(OrganisationId(name) for name in sorted(parties))
        return cls.from_document(cls(consortium_id, title, named, purpose, tuple(terms)).document())

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(
            consortium_id=reader.digest("consortium_id"),
            title=reader.text("title"),
            parties=reader.organisations("parties", least=1),
            purpose=reader.text("purpose"),
            terms=reader.texts("terms", least=1),
        )
