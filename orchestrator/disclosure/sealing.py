"""A report, sealed to the maintainers' keys (``loranchor/disclosure-sealed`` 1).

The content key is fresh, so the nonce of its only message is zero. Who holds the ciphertext learns how long the report
is in steps of 4 KiB, and to which keys it is sealed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestrator.disclosure.opening import LIMIT as OPENING_LIMIT
from orchestrator.disclosure.opening import Opening, address_in
from orchestrator.disclosure.recipients import Recipient, base64_in
from orchestrator.disclosure.refusal import WrongReport
from orchestrator.envelope.prekeys import load_private, load_public, prekey_digest, public_of
from orchestrator.envelope.sealing import HPKE_SUITE, KEY_SIZE, key_commitment
from orchestrator.errors import EnvelopeError
from orchestrator.ledger.canonical import Document, canonical_bytes
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.types import Address, Digest, OrganisationId

LIMIT = 1024 * 1024
"""Most bytes of a sealed report: base64 of the largest opening, and room for hundreds of recipients."""
_STEP = 4096
_LENGTH = 4
_NONCE = bytes(12)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """The content key for one recipient; ``key`` is the digest of the public key it is wrapped to."""

    organisation: OrganisationId
    key: Digest
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Sealed(CanonicalObject):
    """A sealed report; it opens for one commitment of one reporter on one chain."""

    format: ClassVar[str] = "loranchor/disclosure-sealed"
    place: ClassVar[str] = "sealed report"

    chain_id: int
    registry: Address
    reporter: Address
    commitment: Digest
    key_commitment: Digest
    recipients: tuple[Wrapped, ...]
    ciphertext: bytes

    def context(self) -> bytes:
        return _context(self.chain_id, self.registry, self.reporter, self.commitment)

    def members(self) -> Document:
        recipients = [
            {"organisation": item.organisation, "key": item.key, "wrapped": base64.b64encode(item.wrapped).decode()}
            for item in self.recipients
        ]
        return {
            "public_chain_id": str(self.chain_id),
            "registry": self.registry,
            "reporter": self.reporter,
            "commitment": self.commitment,
            "key_commitment": self.key_commitment,
            "recipients": recipients,
            "ciphertext": base64.b64encode(self.ciphertext).decode(),
        }

    @classmethod
    def read(cls, reader: Reader) -> Sealed:
        recipients = []
        for inner in reader.inners("recipients"):
            recipients.append(
                Wrapped(inner.organisation("organisation"), inner.digest("key"), base64_in(inner, "wrapped"))
            )
            inner.end()
        return cls(
            chain_id=reader.decimal("public_chain_id"),
            registry=address_in(reader, "registry"),
            reporter=address_in(reader, "reporter"),
            commitment=reader.digest("commitment"),
            key_commitment=reader.digest("key_commitment"),
            recipients=tuple(recipients),
            ciphertext=base64_in(reader, "ciphertext"),
        )


def seal_report(opening: Opening, recipients: Iterable[Recipient]) -> Sealed:
    """Seal an opening to each recipient's key.

    Raises:
        EnvelopeError: there is no recipient, or a key is none.
    """
    key = secrets.token_bytes(KEY_SIZE)
    context = _context(opening.chain_id, opening.registry, opening.reporter, opening.commitment)
    wrapped = tuple(_wrap(item, key, context) for item in recipients)
    if not wrapped:
        raise EnvelopeError("there is nobody to seal the report to", mend="get a newer contact from the maintainers")
    ciphertext = AESGCM(key).encrypt(_NONCE, _padded(opening.to_bytes()), context)
    return Sealed(
        chain_id=opening.chain_id,
        registry=opening.registry,
        reporter=opening.reporter,
        commitment=opening.commitment,
        key_commitment=key_commitment(key),
        recipients=wrapped,
        ciphertext=ciphertext,
    )


def open_report(sealed: Sealed, private: bytes) -> Opening:
    """What was sealed, compared with the commitment that it was sealed for.

    Raises:
        EnvelopeError: it is not sealed to this key, or was tampered with. FormatError: it holds no opening.
        WrongReport: it opens, but is not what was committed to.
    """
    own = prekey_digest(public_of(private))
    mine = next((item for item in sealed.recipients if item.key == own), None)
    if mine is None:
        names = ", ".join(f"{item.organisation} ({item.key[:10]}…)" for item in sealed.recipients)
        raise EnvelopeError(f"the report is not sealed to key {own[:10]}…", mend=f"it is to {names or 'nobody'}")
    context = sealed.context()
    try:
        key = HPKE_SUITE.decrypt(mine.wrapped, load_private(private), _info(context, own))
        genuine = hmac.compare_digest(key_commitment(key), sealed.key_commitment)
        padded = AESGCM(key).decrypt(_NONCE, sealed.ciphertext, context) if genuine else b""
    except (InvalidTag, ValueError):
        padded = b""
    if not padded:
        raise EnvelopeError("the sealed report does not open: tampered with, or sealed wrongly")
    opening = Opening.from_bytes(_unpadded(padded))
    place = (opening.chain_id, opening.registry, opening.reporter, opening.commitment)
    if place != (sealed.chain_id, sealed.registry, sealed.reporter, sealed.commitment):
        raise WrongReport("the report that was sealed is not the one committed to", mend="ask its reporter")
    return opening


def _context(chain_id: int, registry: Address, reporter: Address, commitment: Digest) -> bytes:
    document = {"public_chain_id": str(chain_id), "registry": registry, "reporter": reporter, "commitment": commitment}
    return hashlib.sha256(b"loranchor/disclosure/1" + canonical_bytes(document)).digest()


def _info(context: bytes, key: Digest) -> bytes:
    return b"loranchor/disclosure/1" + context + bytes.fromhex(key[2:])


def _wrap(item: Recipient, key: bytes, context: bytes) -> Wrapped:
    try:
        wrapped = HPKE_SUITE.encrypt(key, load_public(item.public), _info(context, item.key))
    except ValueError as error:
        raise EnvelopeError(f"the key of {item.organisation} is not a valid key: {error}") from error
    return Wrapped(item.organisation, item.key, wrapped)


def _padded(data: bytes) -> bytes:
    framed = len(data).to_bytes(_LENGTH, "big") + data
    return framed + bytes(-len(framed) % _STEP)


def _unpadded(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:_LENGTH], "big")
    if length > min(len(padded) - _LENGTH, OPENING_LIMIT) or any(padded[_LENGTH + length :]):
        raise EnvelopeError("the sealed report's length contradicts what is in it")
    return padded[_LENGTH : _LENGTH + length]
