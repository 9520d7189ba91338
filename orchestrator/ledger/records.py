"""A record: one fact of the private chain, and the leaf it becomes in the records tree.

Leaf data = SHA-256(effective salt ‖ canonical bytes of the record without its salt), where the effective salt is
SHA-256(leaf salt ‖ log index, 8 bytes big-endian): one transaction may tell several facts under one salt. An auditor
who is shown some records learns nothing of the others from their leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from orchestrator.errors import FormatError
from orchestrator.ledger import schema, words
from orchestrator.ledger.canonical import SAFE_INTEGER, Document, canonical_bytes, check_format
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.types import ZERO_DIGEST, Address, Digest, OrganisationId

FORMAT = "loranchor/record"


class Position(NamedTuple):
    """A place in the private chain's order of events."""

    block: int
    log_index: int


@dataclass(frozen=True)
class Record:
    """One event of a private contract.

    Attributes:
        kind: name of the event, one of :data:`orchestrator.ledger.schema.KINDS`.
        block, log_index: its place; the log index counts within the block.
        sender: organisation whose delegate sent the transaction; empty where the deployer or an authority did.
        signer: address recovered from the transaction's raw signature.
        salt: the leaf salt; zero for records of the Consortium, which has none.
        fields: the event's arguments, see :mod:`orchestrator.ledger.schema`.

    Raises:
        FormatError: a value is not in its canonical form; names it.
    """

    kind: str
    chain_id: int
    contract: Address
    block: int
    transaction: Digest
    log_index: int
    sender: OrganisationId | str
    signer: Address
    salt: Digest
    fields: Mapping[str, Any]

    def __post_init__(self) -> None:
        for name in ("chain_id", "block", "log_index"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= SAFE_INTEGER:
                raise FormatError(f"{self.kind}: {name} {value!r} is not a natural number below 2^53")
        for address in (self.contract, self.signer):
            words.address_bytes(address)
        for digest in (self.transaction, self.salt):
            words.word(digest)
        if self.sender:
            words.organisation_word(self.sender)
        schema.check_fields(self.kind, self.fields)
        if self.salt != ZERO_DIGEST and not schema.kind_of(self.kind).salted:
            raise FormatError(f"{self.kind} has no leaf salt")

    @property
    def position(self) -> Position:
        return Position(self.block, self.log_index)

    @property
    def name(self) -> str:
        """How errors speak of it."""
        return f"{self.kind} in block {self.block}, log {self.log_index}"

    def document(self) -> Document:
        """The canonical object, without the salt."""
        return {
            "format": FORMAT,
            "version": 1,
            "kind": self.kind,
            "chain_id": self.chain_id,
            "contract": self.contract,
            "block": self.block,
            "transaction": self.transaction,
            "log_index": self.log_index,
            "sender": self.sender,
            "signer": self.signer,
            "fields": dict(self.fields),
        }

    @cached_property
    def leaf_data(self) -> bytes:
        """What the records tree holds of it: 32 bytes."""
        return hashlib.sha256(effective_salt(self.salt, self.log_index) + canonical_bytes(self.document())).digest()


def effective_salt(salt: Digest, log_index: int) -> bytes:
    """The salt of one event among those of its transaction."""
    return hashlib.sha256(words.word(salt) + log_index.to_bytes(8, "big")).digest()


def record_from_document(document: Mapping[str, Any], salt: Digest) -> Record:
    """Reads what :meth:`Record.document` made.

    Raises:
        FormatError: another format, an unknown kind or version, a field missing, unknown or malformed.
    """
    check_format(document, format=FORMAT)
    names = {"kind", "chain_id", "contract", "block", "transaction", "log_index", "sender", "signer", "fields"}
    given = set(document) - {"format", "version"}
    if given != names:
        raise FormatError(f"{FORMAT}: missing or unknown members: {', '.join(sorted(given ^ names))}")
    for name in names - {"chain_id", "block", "log_index", "fields"}:
        if not isinstance(document[name], str):
            raise FormatError(f"{FORMAT}: {name} is not text")
    if not isinstance(document["fields"], Mapping):
        raise FormatError(f"{FORMAT}: fields is not an object")
    return Record(salt=salt, **{name: document[name] for name in names})


def records_tree(records: Iterable[Record]) -> MerkleTree:
    """The RFC 6962 tree over the records in their order."""
    return MerkleTree(record.leaf_data for record in records)
