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
        key_lock: fingerprint of the key policy that the update was trained under, if it was under a key-lock.
    """

    format = "loranchor/data-statement"
    place = "data_statement"
    organisation: OrganisationId
    provenance: str
    permission: str
    sensitivity: str
    samples_commitment: Digest | None = None
    key_lock: Digest | None = None

    def members(self) -> Document:
        members: Document = {
            "organisation": self.organisation,
            "provenance": self.provenance,
            "permission": self.permission,
            "sensitivity": self.sensitivity,
        }
        if self.samples_commitment is not None:
            members["samples_commitment"] = self.samples_commitment
        if self.key_lock is not None:
            members["key_lock"] = self.key_lock
        return members

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(
            organisation=reader.organisation("organisation"),
            provenance=reader.text("provenance"),
            permission=reader.text("permission"),
            sensitivity=reader.text("sensitivity"),
            samples_commitment=reader.digest("samples_commitment") if reader.has("samples_commitment") else None,
            key_lock=reader.digest("key_lock") if reader.has("key_lock") else None,
        )
