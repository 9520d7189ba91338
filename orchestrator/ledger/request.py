"""The revocation request: who wants which contributions out of the model, why and how. Its digest goes on chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.ledger.canonical import Document, canonical_bytes, check_format, digest, parse
from orchestrator.ledger.entities import Mode
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest, OrganisationId, UpdateId

FORMAT = "loranchor/request"


@dataclass(frozen=True, slots=True)
class RevocationRequest:
    """A validated request.

    Attributes:
        updates: the contributions, sorted. reason: label of at most 32 ASCII characters.
        statement: the reason in full; may be empty.
    """

    organisation: OrganisationId
    updates: tuple[UpdateId, ...]
    reason: str
    mode: Mode
    urgent: bool
    statement: str = ""

    def document(self) -> Document:
        return {
            "format": FORMAT,
            "version": 1,
            "organisation": self.organisation,
            "updates": sorted(self.updates),
            "reason": self.reason,
            "mode": self.mode.value,
            "urgent": self.urgent,
            "statement": self.statement,
        }

    def to_bytes(self) -> bytes:
        return canonical_bytes(self.document())

    @property
    def digest(self) -> Digest:
        return digest(self.document())

    @classmethod
    def from_bytes(cls, data: bytes) -> RevocationRequest:
        return cls.from_document(parse(data, format=FORMAT))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> RevocationRequest:
        """Reads a request; FormatError names a member that is missing, unknown or malformed."""
        check_format(document, format=FORMAT)
        reader = Reader(document, "request")
        request = cls(
            organisation=reader.organisation("organisation"),
            updates=tuple(UpdateId(item) for item in reader.digests("updates", least=1)),
            reason=reader.label("reason"),
            mode=Mode(reader.choice("mode", set(Mode))),
            urgent=reader.flag("urgent"),
            statement=reader.text("statement", empty=True),
        )
        reader.end()
        return request
