"""The data statement: what an organisation says of the data behind an update. Only its digest goes on chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.ledger.canonical import Document, canonical_bytes, check_format, digest, parse
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest, OrganisationId

FORMAT = "loranchor/data-statement"


@dataclass(frozen=True, slots=True)
class DataStatement:
    """A validated data statement.

    Attributes:
        provenance: where the data come from. permission: why they may be used. sensitivity: how much harm a leak does.
        samples_commitment: root or digest that binds the samples used, if the organisation keeps one.
    """

    organisation: OrganisationId
    provenance: str
    permission: str
    sensitivity: str
    samples_commitment: Digest | None = None

    def document(self) -> Document:
        document: Document = {
            "format": FORMAT,
            "version": 1,
            "organisation": self.organisation,
            "provenance": self.provenance,
            "permission": self.permission,
            "sensitivity": self.sensitivity,
        }
        if self.samples_commitment is not None:
            document["samples_commitment"] = self.samples_commitment
        return document

    def to_bytes(self) -> bytes:
        return canonical_bytes(self.document())

    @property
    def digest(self) -> Digest:
        return digest(self.document())

    @classmethod
    def from_bytes(cls, data: bytes) -> DataStatement:
        return cls.from_document(parse(data, format=FORMAT))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> DataStatement:
        """Reads a data statement; FormatError names a member that is missing, unknown or malformed."""
        check_format(document, format=FORMAT)
        reader = Reader(document, "data_statement")
        statement = cls(
            organisation=reader.organisation("organisation"),
            provenance=reader.text("provenance"),
            permission=reader.text("permission"),
            sensitivity=reader.text("sensitivity"),
            samples_commitment=reader.digest("samples_commitment") if reader.has("samples_commitment") else None,
        )
        reader.end()
        return statement
