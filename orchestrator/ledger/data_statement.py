"""The data statement: what an organisation says of the data behind an update. Only its digest goes on chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from orchestrator.ledger.canonical import Document
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest, OrganisationId

CLASSES = ("public", "internal", "confidential", "personal", "special-category")
"""From harmless to harmful; the last is what Article 9 of the GDPR lists, the one before what its Article 4 means."""
PERMISSIONS = ("source", "licence", "legal_basis", "collected", "contact")
OPERATORS = frozenset({"tag", "pseudonym", "drop"})


@dataclass(frozen=True, slots=True)
class Anonymised:
    """What was done about personal data before training: ``operator`` on ``documents`` texts, items found by kind."""

    operator: str
    documents: int
    found: Mapping[str, int]

    def members(self) -> Document:
        return {"operator": self.operator, "documents": self.documents, "found": dict(self.found)}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        counts = reader.inner("found")
        found = cls(
            operator=reader.choice("operator", OPERATORS),
            documents=reader.integer("documents"),
            found={kind: counts.integer(kind) for kind in counts.names()},
        )
        counts.end()
        reader.end()
        return found


@dataclass(frozen=True, slots=True)
class DataStatement(CanonicalObject):
    """A validated data statement.

    Attributes:
        provenance: where the data come from. permission: why they may be used. sensitivity: how much harm a leak does.
        samples_commitment: root or digest that binds the samples used, if the organisation keeps one.
        key_lock: fingerprint of the key policy that the update was trained under, if it was under a key-lock.
        sensitivity_class: what policies decide by; None if it was not declared, as in statements of older versions.
        permissions: what was declared of :data:`PERMISSIONS`. anonymised: what was done, None for nothing.
    """

    format = "loranchor/data-statement"
    place = "data_statement"
    organisation: OrganisationId
    provenance: str
    permission: str
    sensitivity: str
    samples_commitment: Digest | None = None
    key_lock: Digest | None = None
    sensitivity_class: str | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    anonymised: Anonymised | None = None

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
        if self.sensitivity_class is not None:
            members["sensitivity_class"] = self.sensitivity_class
        if self.permissions:
            members["permissions"] = dict(self.permissions)
        if self.anonymised is not None:
            members["anonymised"] = self.anonymised.members()
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
            sensitivity_class=_class(reader),
            permissions=_permissions(reader.inner("permissions")) if reader.has("permissions") else {},
            anonymised=Anonymised.read(reader.inner("anonymised")) if reader.has("anonymised") else None,
        )


def _class(reader: Reader) -> str | None:
    return reader.choice("sensitivity_class", frozenset(CLASSES)) if reader.has("sensitivity_class") else None


def _permissions(reader: Reader) -> dict[str, str]:
    found = {name: reader.text(name) for name in PERMISSIONS if reader.has(name)}
    reader.end()
    if not found:
        reader.bad("source", "is missing, and so is everything else: leave permissions out")
    return found
