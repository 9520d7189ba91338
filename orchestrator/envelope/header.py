"""The header of a sealed update (``loranchor/envelope-header`` 1, docs/formats/envelope.md)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import EnvelopeError, FormatError
from orchestrator.ledger.canonical import canonical_bytes, parse, sha256
from orchestrator.types import Address, Digest, OrganisationId, SealedUpdate, StoredUpdate

FORMAT = "loranchor/envelope-header"
SUITE = "HPKE-v1/MLKEM768-X25519/HKDF-SHA256/AES-256-GCM"
MAX_CHUNK_SIZE = 1 << 26
_KEYS = {"format", "version", "suite", "context", "ciphertext_digest", "ciphertext_size", "plaintext_size",
         "chunk_size", "key_commitment", "recipients"}  # fmt: skip
_DIGEST = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Context:
    """Where a sealed update belongs: it opens nowhere else.

    Attributes:
        chain_id, ledger: the private chain and its ``RoundLedger``.
        organisation: who sealed it.
    """

    chain_id: int
    ledger: Address
    round: int
    organisation: OrganisationId

    def document(self) -> dict[str, Any]:
        return {"chain_id": self.chain_id, "ledger": self.ledger, "round": self.round,
                "organisation": self.organisation}  # fmt: skip

    def digest(self) -> bytes:
        """SHA-256 of the canonical document: the associated data of every chunk and of every wrapped key."""
        return hashlib.sha256(canonical_bytes(self.document())).digest()


@dataclass(frozen=True, slots=True)
class Commitments:
    """What the private chain records of an update before anyone can open it."""

    ciphertext_digest: Digest
    header_digest: Digest
    content_commitment: Digest

    @classmethod
    def of(cls, update: SealedUpdate | StoredUpdate) -> Commitments:
        return cls(update.ciphertext_digest, update.header_digest, update.content_commitment)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member and the content key wrapped to its prekey of the round."""

    organisation: OrganisationId
    prekey: Digest
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """A parsed header; recipients in order of their names."""

    context: Context
    ciphertext_digest: Digest
    ciphertext_size: int
    plaintext_size: int
    chunk_size: int
    key_commitment: Digest
    recipients: tuple[Recipient, ...]

    def to_bytes(self) -> bytes:
        recipients = [{"organisation": r.organisation, "prekey": r.prekey,
                       "wrapped": base64.b64encode(r.wrapped).decode()} for r in self.recipients]  # fmt: skip
        return canonical_bytes({
            "format": FORMAT, "version": 1, "suite": SUITE, "context": self.context.document(),
            "ciphertext_digest": self.ciphertext_digest, "ciphertext_size": self.ciphertext_size,
            "plaintext_size": self.plaintext_size, "chunk_size": self.chunk_size,
            "key_commitment": self.key_commitment, "recipients": recipients,
        })  # fmt: skip

    def recipient(self, organisation: OrganisationId) -> Recipient:
        """Raises EnvelopeError: the update was not sealed to that organisation."""
        for recipient in self.recipients:
            if recipient.organisation == organisation:
                return recipient
        raise EnvelopeError(f"the update is not sealed to {organisation}, only to {self.names()}")

    def names(self) -> str:
        return ", ".join(recipient.organisation for recipient in self.recipients)


def read_header(header: bytes, *, context: Context, commitments: Commitments) -> Header:
    """Parse a header and compare it with what the chain recorded.

    Raises:
        EnvelopeError: not the recorded bytes, not a header, another context, or another ciphertext than recorded.
    """
    if (found := sha256(header)) != commitments.header_digest:
        raise EnvelopeError(f"the header has digest {found}, the chain recorded {commitments.header_digest}")
    parsed = parse_header(header)
    if parsed.context != context:
        raise EnvelopeError(f"the update was sealed for the context {parsed.context}, not for {context}")
    if parsed.ciphertext_digest != commitments.ciphertext_digest:
        raise EnvelopeError(
            f"the header names payload {parsed.ciphertext_digest}, the chain recorded {commitments.ciphertext_digest}"
        )
    return parsed


def parse_header(header: bytes) -> Header:
    """Parse a header by itself, without anything to compare it with.

    Raises:
        EnvelopeError: not canonical, an unknown version, a missing, surplus or ill-formed field.
    """
    try:
        document = parse(header, format=FORMAT, versions={1})
    except (FormatError, TypeError) as error:  # TypeError: a version that is a list or an object
        raise EnvelopeError(f"the envelope header cannot be read: {error}") from error
    if set(document) != _KEYS:
        raise EnvelopeError(f"the envelope header lacks or adds {sorted(set(document) ^ _KEYS)}")
    if document["suite"] != SUITE:
        raise EnvelopeError(f"the envelope uses the unknown suite {document['suite']!r}")
    recipients = tuple(_recipient(entry) for entry in _list(document["recipients"]))
    names = [recipient.organisation for recipient in recipients]
    if not names or names != sorted(set(names)):
        raise EnvelopeError("the envelope's recipients are empty, repeated or out of order")
    parsed = Header(
        context=_context(document["context"]),
        ciphertext_digest=_digest(document, "ciphertext_digest"),
        ciphertext_size=_size(document, "ciphertext_size"),
        plaintext_size=_size(document, "plaintext_size"),
        chunk_size=_size(document, "chunk_size"),
        key_commitment=_digest(document, "key_commitment"),
        recipients=recipients,
    )
    if not 1 <= parsed.chunk_size <= MAX_CHUNK_SIZE:
        raise EnvelopeError(f"the envelope's chunk size {parsed.chunk_size} is not within 1 and {MAX_CHUNK_SIZE}")
    return parsed


def _context(value: object) -> Context:
    if not isinstance(value, dict) or set(value) != {"chain_id", "ledger", "round", "organisation"}:
        raise EnvelopeError("the envelope's context is not one")
    ledger, organisation = value["ledger"], value["organisation"]
    if not isinstance(ledger, str) or not isinstance(organisation, str):
        raise EnvelopeError("the envelope's context is not one")
    return Context(_size(value, "chain_id"), Address(ledger), _size(value, "round"), OrganisationId(organisation))


def _recipient(value: object) -> Recipient:
    if not isinstance(value, dict) or set(value) != {"organisation", "prekey", "wrapped"}:
        raise EnvelopeError("an envelope's recipient is not one")
    organisation, wrapped = value["organisation"], value["wrapped"]
    if not isinstance(organisation, str) or not isinstance(wrapped, str):
        raise EnvelopeError("an envelope's recipient is not one")
    try:
        key = base64.b64decode(wrapped, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EnvelopeError(f"the key wrapped for {organisation} is not base64: {error}") from error
    if base64.b64encode(key).decode() != wrapped:
        raise EnvelopeError(f"the key wrapped for {organisation} is not canonical base64")
    return Recipient(OrganisationId(organisation), _digest(value, "prekey"), key)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise EnvelopeError("the envelope's recipients are not a list")
    return value


def _digest(document: dict[str, Any], name: str) -> Digest:
    value = document[name]
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise EnvelopeError(f"the envelope's {name} is not a digest")
    return Digest(value)


def _size(document: dict[str, Any], name: str) -> int:
    value = document[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise EnvelopeError(f"the envelope's {name} is not a number")
    return value
