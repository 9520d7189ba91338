"""The lines of an anchored checkpoint: signatures, its manifest and awards, its certificate, and proofs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from orchestrator.audit.bundle.fields import address_in, hashes, hex_bytes, hexes
from orchestrator.audit.bundle.lines import Line
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.checkpoint import Checkpoint, checkpoint_from_document
from orchestrator.ledger.reader import Reader
from orchestrator.types import Address, Digest, OrganisationId, UpdateId


@dataclass(frozen=True, slots=True)
class Signature:
    """A member's signature of a head; ``signature`` is r ‖ s ‖ v."""

    organisation: OrganisationId
    head: Digest
    signature: bytes

    def document(self) -> Document:
        return {"organisation": self.organisation, "head": self.head, "signature": "0x" + self.signature.hex()}


@dataclass(frozen=True, slots=True)
class Attestations(Line):
    """Every signature that members left on the private chain for one sequence, by organisation, head and signature."""

    kind = "attestations"
    sequence: int
    signatures: tuple[Signature, ...]

    def members(self) -> Document:
        return {"sequence": self.sequence, "signatures": [item.document() for item in self.signatures]}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        found = tuple(map(_signature, reader.inners("signatures")))
        keys = [(item.organisation, item.head, item.signature) for item in found]
        if not keys or keys != sorted(set(keys)):
            reader.bad("signatures", "is empty or not in order, each once")
        return cls(reader.integer("sequence", least=1), found)


@dataclass(frozen=True, slots=True)
class Anchored(Line):
    """An anchored checkpoint.

    Attributes:
        head: its EIP-712 struct hash. signers: members that the contract counted.
        consistency: RFC 6962 proof that its tree begins with the tree of the checkpoint before it.
        subject, reason: why it fell due: the round or request, and ``round_closed`` or ``revocation_certified``.
    """

    kind = "checkpoint"
    checkpoint: Checkpoint
    head: Digest
    signers: tuple[OrganisationId, ...]
    consistency: tuple[bytes, ...]
    subject: Digest
    reason: str

    def members(self) -> Document:
        return {
            "checkpoint": self.checkpoint.document(),
            "head": self.head,
            "signers": list(self.signers),
            "consistency": hexes(self.consistency),
            "due": {"subject": self.subject, "reason": self.reason},
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        document, due = reader.take("checkpoint"), reader.inner("due")
        if not isinstance(document, dict):
            reader.bad("checkpoint", "is not an object")
        subject, reason = due.digest("subject"), due.choice("reason", {"round_closed", "revocation_certified"})
        due.end()
        signers = tuple(OrganisationId(item) for item in reader.texts("signers"))
        proof = hashes(reader, "consistency")
        return cls(checkpoint_from_document(document), reader.digest("head"), signers, proof, subject, reason)


@dataclass(frozen=True, slots=True)
class Splice:
    """At place ``at`` of the manifest before, ``remove`` entries go and those in ``insert`` come."""

    at: int
    remove: int
    insert: tuple[Mapping[str, Any], ...]

    def document(self) -> Document:
        return {"at": self.at, "remove": self.remove, "insert": [dict(item) for item in self.insert]}


@dataclass(frozen=True, slots=True)
class Manifest(Line):
    """The manifest of the checkpoint before this line, as changes to the last one; the first begins with none."""

    kind = "manifest"
    sequence: int
    manifest: Mapping[str, Any]
    splices: tuple[Splice, ...]

    def members(self) -> Document:
        changes = [item.document() for item in self.splices]
        return {"sequence": self.sequence, "manifest": dict(self.manifest), "splices": changes}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        document = reader.take("manifest")
        if not isinstance(document, dict):
            reader.bad("manifest", "is not an object")
        return cls(reader.integer("sequence", least=1), document, tuple(map(_splice, reader.inners("splices"))))


@dataclass(frozen=True, slots=True)
class AwardLeaf:
    """One award, as in a handover."""

    index: int
    update_id: UpdateId
    account: Address
    amount: int

    def document(self) -> Document:
        amount = str(self.amount)
        return {"index": self.index, "update_id": self.update_id, "account": self.account, "amount": amount}


@dataclass(frozen=True, slots=True)
class Awards(Line):
    """All leaves of a checkpoint's awards tree."""

    kind = "awards"
    sequence: int
    leaves: tuple[AwardLeaf, ...]

    def members(self) -> Document:
        return {"sequence": self.sequence, "leaves": [item.document() for item in self.leaves]}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.integer("sequence", least=1), tuple(map(_award, reader.inners("leaves"))))


@dataclass(frozen=True, slots=True)
class Certificate(Line):
    """What certified the request that the checkpoint names.

    Attributes:
        endorsed: ``loranchor/endorsed-certificate`` 1; None where the certificate is of an older version, which says
            too little to be looked at alone.
    """

    kind = "certificate"
    endorsed: Mapping[str, Any] | None

    def members(self) -> Document:
        return {"endorsed": None if self.endorsed is None else dict(self.endorsed)}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        document = reader.take("endorsed")
        if document is not None and not isinstance(document, dict):
            reader.bad("endorsed", "is not an object")
        return cls(document)


@dataclass(frozen=True, slots=True)
class Inclusion(Line):
    """RFC 6962 proof that a disclosed record is under the root of the checkpoint before this line."""

    kind = "inclusion"
    index: int
    size: int
    proof: tuple[bytes, ...]

    def members(self) -> Document:
        return {"index": self.index, "size": self.size, "proof": hexes(self.proof)}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.integer("index"), reader.integer("size", least=1), hashes(reader, "proof"))


def _signature(reader: Reader) -> Signature:
    data = hex_bytes(reader, "signature")
    if len(data) != 65:
        reader.bad("signature", "is not 65 bytes")
    found = Signature(reader.organisation("organisation"), reader.digest("head"), data)
    reader.end()
    return found


def _splice(reader: Reader) -> Splice:
    insert = reader.take("insert")
    if not isinstance(insert, list) or not all(isinstance(item, dict) for item in insert):
        reader.bad("insert", "is not a list of objects")
    found = Splice(reader.integer("at"), reader.integer("remove"), tuple(insert))
    reader.end()
    return found


def _award(reader: Reader) -> AwardLeaf:
    index, update_id = reader.integer("index"), UpdateId(reader.digest("update_id"))
    found = AwardLeaf(index, update_id, address_in(reader, "account"), reader.decimal("amount"))
    reader.end()
    return found
