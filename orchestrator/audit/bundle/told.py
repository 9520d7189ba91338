"""Lines that nothing in a bundle proves: what its maker has seen on the public chain and in IPFS.

An audit compares them with what is proven, and says that they are told. The last line has what tells a whole file from
one that was cut or altered on its way; whoever alters a file on purpose writes that line anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from orchestrator.audit.bundle.anchored import Anchored, Attestations, Awards, Certificate, Inclusion, Manifest
from orchestrator.audit.bundle.fields import address_in
from orchestrator.audit.bundle.lines import Disclosed, Head, Leaves, Line, Object, State, Transaction
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest, OrganisationId, UpdateId

EVENTS = frozenset({"published", "objection", "replaced", "voided", "claimed"})


@dataclass(frozen=True, slots=True)
class Anchoring(Line):
    """Where a checkpoint was anchored on the public chain."""

    kind = "anchoring"
    sequence: int
    block: int
    transaction: Digest

    def members(self) -> Document:
        return {"sequence": self.sequence, "block": self.block, "transaction": self.transaction}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.integer("sequence", least=1), reader.integer("block"), reader.digest("transaction"))


@dataclass(frozen=True, slots=True)
class Payment(Line):
    """An event of the ``AwardDistributor``, in the chain's order.

    Attributes:
        event: one of :data:`EVENTS`.
        fields: of the event, by their names: ``root``, ``claimable_from``, ``organisation``, ``reason``, ``previous``,
            ``current``, ``index``, ``update_id``, ``account``, ``amount`` (decimal string).
    """

    kind = "payment"
    event: str
    sequence: int
    block: int
    transaction: Digest
    log_index: int
    fields: dict[str, Any]

    def members(self) -> Document:
        place = {"block": self.block, "transaction": self.transaction, "log_index": self.log_index}
        return {"event": self.event, "sequence": self.sequence, **place, "fields": self.fields}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        event = reader.choice("event", EVENTS)
        fields, inner = reader.take("fields"), reader.inner("fields")
        for name, check in _FIELDS[event].items():
            check(inner, name)
        inner.end()
        place = reader.integer("block"), reader.digest("transaction"), reader.integer("log_index")
        return cls(event, reader.integer("sequence", least=1), *place, dict(fields))


_FIELDS: dict[str, dict[str, Any]] = {
    "published": {"root": Reader.digest, "claimable_from": Reader.integer},
    "objection": {
        "organisation": Reader.organisation,
        "reason": lambda reader, name: reader.text(name, empty=True),
        "claimable_from": Reader.integer,
    },
    "replaced": {"previous": Reader.digest, "current": Reader.digest},
    "voided": {"index": Reader.integer},
    "claimed": {
        "index": Reader.integer,
        "update_id": Reader.digest,
        "account": address_in,
        "amount": Reader.decimal,
    },
}


@dataclass(frozen=True, slots=True)
class Equivocation(Line):
    """A member that was proven on the public chain to have signed two contents for one number."""

    kind = "equivocation"
    sequence: int
    organisation: OrganisationId

    def members(self) -> Document:
        return {"sequence": self.sequence, "organisation": self.organisation}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.integer("sequence", least=1), reader.organisation("organisation"))


@dataclass(frozen=True, slots=True)
class Sealed(Line):
    """Whether the maker's node had the sealed objects of a released update."""

    kind = "sealed"
    update_id: UpdateId
    header: bool
    payload: bool

    def members(self) -> Document:
        return {"update_id": self.update_id, "header": self.header, "payload": self.payload}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(UpdateId(reader.digest("update_id")), reader.flag("header"), reader.flag("payload"))


@dataclass(frozen=True, slots=True)
class Supply(Line):
    """What the token said it had minted at the bundle's block."""

    kind = "supply"
    minted: int

    def members(self) -> Document:
        return {"minted": str(self.minted)}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.decimal("minted"))


@dataclass(frozen=True, slots=True)
class Part:
    """How many lines of one kind there are, and the SHA-256 of them in their order."""

    line: str
    count: int
    sha256: Digest

    def document(self) -> Document:
        return {"line": self.line, "count": self.count, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class End(Line):
    """The last line: everything before it, by kind of line in order of the kinds' names."""

    kind = "end"
    parts: tuple[Part, ...]

    def members(self) -> Document:
        return {"parts": [item.document() for item in self.parts]}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        found = []
        for row in reader.inners("parts"):
            found.append(Part(row.text("line"), row.integer("count", least=1), row.digest("sha256")))
            row.end()
        names = [item.line for item in found]
        if names != sorted(set(names)):
            reader.bad("parts", "is not in order of the kinds, each once")
        return cls(tuple(found))


LINES: dict[str, type[Line]] = {
    line.kind: line
    for line in (
        Head,
        State,
        Object,
        Transaction,
        Disclosed,
        Leaves,
        Attestations,
        Anchored,
        Manifest,
        Awards,
        Certificate,
        Inclusion,
        Anchoring,
        Payment,
        Equivocation,
        Sealed,
        Supply,
        End,
    )
}
"""Every kind of line by its name."""
TOLD = frozenset(line.kind for line in (Anchoring, Payment, Equivocation, Sealed, Supply))
"""Kinds of line that nothing proves."""
