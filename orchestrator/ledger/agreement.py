"""The agreement that a round runs under: what the organisations have promised each other, in words and by digest.

Every member's authority accepts its digest on the private chain before a round can open under it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.ledger.canonical import Document, canonical_bytes, check_format, digest, parse
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest, OrganisationId

FORMAT = "loranchor/agreement"


@dataclass(frozen=True, slots=True)
class Agreement:
    """A validated agreement.

    Attributes:
        parties: the organisations, sorted. terms: one clause a text, in order.
    """

    consortium_id: Digest
    title: str
    parties: tuple[OrganisationId, ...]
    purpose: str
    terms: tuple[str, ...]

    def document(self) -> Document:
        return {
            "format": FORMAT,
            "version": 1,
            "consortium_id": self.consortium_id,
            "title": self.title,
            "parties": list(self.parties),
            "purpose": self.purpose,
            "terms": list(self.terms),
        }

    def to_bytes(self) -> bytes:
        return canonical_bytes(self.document())

    @property
    def digest(self) -> Digest:
        return digest(self.document())

    @classmethod
    def of(
        cls, consortium_id: Digest, title: str, parties: Sequence[str], purpose: str, terms: Sequence[str]
    ) -> Agreement:
        """Makes an agreement, parties in any order, and checks it as a reader would."""
        named = tuple(OrganisationId(name) for name in sorted(parties))
        return cls.from_document(cls(consortium_id, title, named, purpose, tuple(terms)).document())

    @classmethod
    def from_bytes(cls, data: bytes) -> Agreement:
        return cls.from_document(parse(data, format=FORMAT))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Agreement:
        """Reads an agreement; FormatError names a member that is missing, unknown or malformed."""
        check_format(document, format=FORMAT)
        reader = Reader(document, "agreement")
        agreement = cls(
            consortium_id=reader.digest("consortium_id"),
            title=reader.text("title"),
            parties=reader.organisations("parties", least=1),
            purpose=reader.text("purpose"),
            terms=reader.texts("terms", least=1),
        )
        reader.end()
        return agreement
