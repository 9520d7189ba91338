"""The data statement: what an organisation says of the data behind an update. Only its digest goes on chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from orchestrator.ledger.canonical import Document
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest, OrganisationId


@dataclass(frozen=True, slots=True)
class DataStatement(CanonicalObject):
    """A validated data statement.

    Attributes:
        provenance: where the data come from. permission: why they may be used. sensitivity: how much harm a leak does.
        samples_commitment: root or digest that binds the samples used, if the organisation keeps one.
    """

    format = "loranchor/data-statement"
    place = "data_statement"
    organisation: OrganisationId
    provenance: str
    permission: str
    sensitivity: str
    samples_commitment: Digest | None = None

    def members(self) -> Document:
        members: Document = {
            "organisation": self.organisation,
            "provenance": self.provenance,
            "permission": self.permission,
            "sensitivity": self.sensitivity,
        }
        if self.samples_commitment is not None:
            members["samples_commitment"] = self.samples_commitment
        return members

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(
            organisation=reader.organisation("organisation"),
            provenance=reader.text("provenance"),
            permission=reader.text("permission"),
            sensitivity=reader.text("sensitivity"),
            samples_commitment=reader.digest("samples_commitment") if reader.has("samples_commitment") else None,
        )
