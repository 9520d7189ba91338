"""The lines of a bundle (docs/formats/bundle.md): one canonical object each, in one order.

``line`` names the kind. What is proven by the block's hash comes first; what its maker only tells is in
:mod:`orchestrator.audit.bundle.told`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import Document, canonical_bytes
from orchestrator.ledger.checkpoint import Checkpoint, checkpoint_from_document
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import ADDRESS
from orchestrator.types import Address, Cid, Digest, OrganisationId, UpdateId

FORMAT = "loranchor/bundle"
VERSION = 1
HASHES_IN_A_LINE = 512
"""Most hashes of undisclosed leaves in one line."""


class Line(ABC):
    """One line. Subclasses are frozen dataclasses of its members."""

    __slots__ = ()
    kind: ClassVar[str]

    @abstractmethod
    def members(self) -> Document:
        """The line without its kind."""

    @classmethod
    @abstractmethod
    def read(cls, reader: Reader) -> Self:
        """Reads every member; FormatError names one that is missing or malformed."""

    def to_bytes(self) -> bytes:
        """Canonical bytes and the end of the line."""
        return canonical_bytes({"line": self.kind, **self.members()}) + b"\n"

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Reads a line; FormatError names a member that is missing, unknown or malformed."""
        reader = Reader(document, cls.kind)
        reader.choice("line", {cls.kind})
        found = cls.read(reader)
        reader.end()
        return found


@dataclass(frozen=True, slots=True)
class Chain:
    """One chain as the maker names it: nothing here is believed before it is compared."""

    chain_id: int
    contracts: Mapping[str, Address]

    def document(self) -> Document:
        return {"chain_id": str(self.chain_id), "contracts": dict(self.contracts)}


@dataclass(frozen=True, slots=True)
class Head(Line):
    """The first line.

    Attributes:
        disclosed: the rule by which private records are disclosed, one term each.
    """

    kind = "bundle"
    consortium_id: Digest
    public: Chain
    private: Chain
    disclosed: tuple[str, ...]

    def members(self) -> Document:
        return {
            "format": FORMAT,
            "version": VERSION,
            "consortium_id": self.consortium_id,
            "public": self.public.document(),
            "private": self.private.document(),
            "disclosed": list(self.disclosed),
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        reader.choice("format", {FORMAT})
        reader.integer("version", least=VERSION, most=VERSION)
        disclosed = reader.ascending("disclosed", least=1)
        return cls(reader.digest("consortium_id"), _chain(reader, "public"), _chain(reader, "private"), disclosed)


@dataclass(frozen=True, slots=True)
class Slot:
    """A storage slot and its proof under the account's storage root."""

    name: str
    slot: Digest
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """A contract's account in the state of the block: code and slots, with Merkle-Patricia proofs."""

    contract: str
    address: Address
    code: bytes
    proof: tuple[bytes, ...]
    slots: tuple[Slot, ...]

    def document(self) -> Document:
        slots = [{"name": item.name, "slot": item.slot, "proof": _hexes(item.proof)} for item in self.slots]
        named = {"contract": self.contract, "address": self.address, "code": "0x" + self.code.hex()}
        return {**named, "proof": _hexes(self.proof), "slots": slots}


@dataclass(frozen=True, slots=True)
class State(Line):
    """The block's header in RLP, whose keccak is the auditor's anchor, and what is proven under its state root."""

    kind = "state"
    header: bytes
    accounts: tuple[Account, ...]

    def members(self) -> Document:
        return {"header": "0x" + self.header.hex(), "accounts": [item.document() for item in self.accounts]}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(hex_bytes(reader, "header"), tuple(map(_account, reader.inners("accounts"))))


@dataclass(frozen=True, slots=True)
class Object(Line):
    """An object of IPFS, byte for byte: a task, agreement, certificate or receipt."""

    kind = "object"
    what: str
    cid: Cid
    text: str

    def members(self) -> Document:
        return {"what": self.what, "cid": self.cid, "text": self.text}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        what = reader.choice("what", {"task", "agreement", "certificate", "receipt"})
        return cls(what, Cid(reader.text("cid")), reader.text("text"))


@dataclass(frozen=True, slots=True)
class Transaction(Line):
    """A signed transaction of the private chain; the records that it made follow."""

    kind = "transaction"
    raw: bytes

    def members(self) -> Document:
        return {"raw": "0x" + self.raw.hex()}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(hex_bytes(reader, "raw"))


@dataclass(frozen=True, slots=True)
class Disclosed(Line):
    """A disclosed record.

    Attributes:
        index: its leaf in the records tree. record: the canonical object, not looked into here.
        salt: the leaf salt, where everything that its transaction told is disclosed; else None.
        effective_salt: the salt of this record alone, where the leaf salt is not told; else None.
    """

    kind = "record"
    index: int
    record: Mapping[str, Any]
    salt: Digest | None
    effective_salt: Digest | None

    def members(self) -> Document:
        salt = {"salt": self.salt} if self.salt is not None else {"effective_salt": self.effective_salt}
        return {"index": self.index, "record": dict(self.record), **salt}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        record = reader.take("record")
        if not isinstance(record, dict):
            reader.bad("record", "is not an object")
        whole = reader.has("salt")
        salt = reader.digest("salt" if whole else "effective_salt")
        return cls(reader.integer("index"), record, salt if whole else None, None if whole else salt)


@dataclass(frozen=True, slots=True)
class Leaves(Line):
    """Undisclosed records: the hashes of their leaves (RFC 6962, with 0x00 in front), from the leaf ``first`` on."""

    kind = "leaves"
    first: int
    hashes: tuple[bytes, ...]

    def members(self) -> Document:
        return {"first": self.first, "hashes": "0x" + b"".join(self.hashes).hex()}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        data = hex_bytes(reader, "hashes")
        if not data or len(data) % 32 or len(data) > 32 * HASHES_IN_A_LINE:
            reader.bad("hashes", f"is not 1 to {HASHES_IN_A_LINE} hashes of 32 bytes")
        return cls(reader.integer("first"), tuple(data[at : at + 32] for at in range(0, len(data), 32)))


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
            "consistency": _hexes(self.consistency),
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
    """An endorsed certificate (``loranchor/endorsed-certificate`` 1) of the request that the checkpoint names."""

    kind = "certificate"
    endorsed: Mapping[str, Any]

    def members(self) -> Document:
        return {"endorsed": dict(self.endorsed)}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        document = reader.take("endorsed")
        if not isinstance(document, dict):
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
        return {"index": self.index, "size": self.size, "proof": _hexes(self.proof)}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.integer("index"), reader.integer("size", least=1), hashes(reader, "proof"))


def hex_bytes(reader: Reader, name: str) -> bytes:
    """A member that is ``0x`` and lower-case hexadecimal digits."""
    text = reader.text(name)
    return _bytes(reader, name, text)


def hashes(reader: Reader, name: str) -> tuple[bytes, ...]:
    """A list of 32-byte words."""
    found = _list(reader, name)
    if any(len(item) != 32 for item in found):
        reader.bad(name, "holds something else than 32 bytes")
    return found


def address_in(reader: Reader, name: str) -> Address:
    """An address in lower case."""
    text = reader.text(name)
    if not ADDRESS.fullmatch(text):
        reader.bad(name, "is no address in lower case")
    return Address(text)


def _list(reader: Reader, name: str) -> tuple[bytes, ...]:
    value = reader.take(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        reader.bad(name, "is not a list of texts")
    return tuple(_bytes(reader, name, item) for item in value)


def _bytes(reader: Reader, name: str, text: str) -> bytes:
    try:
        data = bytes.fromhex(text[2:])
    except ValueError:
        reader.bad(name, "is not hexadecimal")
    if text != "0x" + data.hex():
        reader.bad(name, "is not 0x and lower-case hexadecimal digits")
    return data


def _hexes(items: tuple[bytes, ...]) -> list[str]:
    return ["0x" + item.hex() for item in items]


def _chain(reader: Reader, name: str) -> Chain:
    inner = reader.inner(name)
    contracts = inner.inner("contracts")
    names = inner.take("contracts")
    found = {item: address_in(contracts, item) for item in names}
    contracts.end()
    chain = Chain(inner.decimal("chain_id"), found)
    inner.end()
    return chain


def _account(reader: Reader) -> Account:
    slots = tuple(map(_slot, reader.inners("slots")))
    code, proof = hex_bytes(reader, "code"), _list(reader, "proof")
    found = Account(reader.text("contract"), address_in(reader, "address"), code, proof, slots)
    reader.end()
    return found


def _slot(reader: Reader) -> Slot:
    found = Slot(reader.text("name"), reader.digest("slot"), _list(reader, "proof"))
    reader.end()
    return found


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


def kind_of_line(document: object) -> str:
    """The kind that a parsed line names.

    Raises:
        FormatError: it is no object, or names none.
    """
    if not isinstance(document, dict) or not isinstance(document.get("line"), str):
        raise FormatError("it is no object with a line's kind")
    return str(document["line"])
