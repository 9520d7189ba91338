"""The lines of a bundle (docs/formats/bundle.md): one canonical object each, in one order.

``line`` names the kind. What is proven by the block's hash comes first; what its maker only tells is in
:mod:`orchestrator.audit.bundle.told`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from orchestrator.audit.bundle.fields import address_in, byte_list, hex_bytes, hexes
from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import Document, canonical_bytes
from orchestrator.ledger.reader import Reader
from orchestrator.types import Address, Cid, Digest

FORMAT = "loranchor/bundle"
VERSION = 1
HEAD_SLOT = Digest(f"0x{2:064x}")
"""Where ``CheckpointAnchor`` keeps its head: its first variable, behind the two texts of OpenZeppelin's EIP712."""
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
        slots = [{"name": item.name, "slot": item.slot, "proof": hexes(item.proof)} for item in self.slots]
        named = {"contract": self.contract, "address": self.address, "code": "0x" + self.code.hex()}
        return {**named, "proof": hexes(self.proof), "slots": slots}


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
    code, proof = hex_bytes(reader, "code"), byte_list(reader, "proof")
    found = Account(reader.text("contract"), address_in(reader, "address"), code, proof, slots)
    reader.end()
    return found


def _slot(reader: Reader) -> Slot:
    found = Slot(reader.text("name"), reader.digest("slot"), byte_list(reader, "proof"))
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
