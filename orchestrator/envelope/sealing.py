"""Seal a protected delta to the members of a round."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO

from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.utils import Buffer

from orchestrator.envelope.header import Context, Header, Recipient
from orchestrator.envelope.prekeys import load_public, prekey_digest
from orchestrator.envelope.stream import DEFAULT_CHUNK_SIZE, PREFIX_SIZE, seal_chunks, slices
from orchestrator.errors import EnvelopeError
from orchestrator.ledger.canonical import sha256
from orchestrator.types import Digest, OrganisationId, ProtectedDelta, SealedUpdate

MAGIC = b"LORANCH1"
SALT_SIZE = 32
KEY_SIZE = 32
HPKE_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class ContentSecret:
    """What opens a sealed update, and the salt that hides its digest: in the keystore until shredded."""

    content_key: bytes = field(repr=False)
    content_salt: bytes = field(repr=False)


def seal(
    delta: ProtectedDelta,
    context: Context,
    recipients: Mapping[OrganisationId, bytes],
    *,
    chunk_size: int = DEFAULT_CHUNK_SIZE,
) -> tuple[SealedUpdate, ContentSecret]:
    """Encrypt ``delta`` under a fresh key and wrap that key to each recipient's prekey of the round.

    Args:
        delta: a delta that met its privacy policy.
        context: chain, ledger, round and sender; the update opens in no other.
        recipients: each member's public prekey bytes.

    Raises:
        TypeError: anything else than a ProtectedDelta.
        EnvelopeError: no recipient, or a prekey that is not one.
    """
    if not isinstance(delta, ProtectedDelta):
        raise TypeError(f"seal() takes a ProtectedDelta, not {type(delta).__name__}; see orchestrator.privacy")
    if not recipients:
        raise EnvelopeError("an update needs at least one recipient")
    secret = ContentSecret(secrets.token_bytes(KEY_SIZE), secrets.token_bytes(SALT_SIZE))
    payload = _payload(delta.payload, secret, context.digest(), chunk_size)
    ciphertext_digest = sha256(payload)
    header = Header(
        context=context,
        ciphertext_digest=ciphertext_digest,
        ciphertext_size=len(payload),
        plaintext_size=SALT_SIZE + len(delta.payload),
        chunk_size=chunk_size,
        key_commitment=key_commitment(secret.content_key),
        recipients=tuple(_wrap(name, recipients[name], secret, context) for name in sorted(recipients)),
    ).to_bytes()
    sealed = SealedUpdate(
        payload=payload,
        header=header,
        ciphertext_digest=ciphertext_digest,
        header_digest=sha256(header),
        content_commitment=content_commitment(secret.content_salt, delta.payload),
        samples=delta.samples,
        epsilon=delta.epsilon,
        parent_manifest=delta.parent_manifest,
    )
    return sealed, secret


def usable_recipients(recipients: Mapping[OrganisationId, bytes]) -> dict[OrganisationId, bytes]:
    """Those whose prekey is one: the chain takes any bytes for a key, and one bad key must not keep a round from all.

    The same for everybody, so that judges and auditors know whom an update must be sealed to.
    """
    return {name: public for name, public in recipients.items() if _is_usable(public)}


def _is_usable(public: bytes) -> bool:
    """Only wrapping something shows it: a point of low order is read as a key and then refused."""
    try:
        HPKE_SUITE.encrypt(b"", load_public(public), b"")
    except (EnvelopeError, ValueError):
        return False
    return True


def content_commitment(content_salt: bytes, delta: Buffer) -> Digest:
    """SHA-256(content salt ‖ SHA-256(delta)): says nothing about the delta once the salt is destroyed."""
    return sha256(content_salt + hashlib.sha256(delta).digest())


def key_commitment(content_key: bytes) -> Digest:
    """Binds the header to one key; AES-GCM alone would let a sender make a payload that two keys open differently."""
    return Digest("0x" + hmac.new(content_key, b"loranchor key commitment v1", hashlib.sha256).hexdigest())


def wrap_info(context: Context, prekey: Digest) -> bytes:
    """HPKE ``info``: ties a wrapped key to its context and to the prekey it was wrapped for."""
    return b"loranchor/envelope/1" + context.digest() + bytes.fromhex(prekey[2:])


def _wrap(organisation: OrganisationId, public: bytes, secret: ContentSecret, context: Context) -> Recipient:
    digest = prekey_digest(public)
    try:
        wrapped = HPKE_SUITE.encrypt(secret.content_key, load_public(public), wrap_info(context, digest))
    except ValueError as error:
        raise EnvelopeError(f"the prekey of {organisation} is not a valid key: {error}") from error
    return Recipient(organisation, digest, wrapped)


def _payload(delta: bytes, secret: ContentSecret, context: bytes, chunk_size: int) -> bytes:
    prefix = secrets.token_bytes(PREFIX_SIZE)
    chunks = seal_chunks(_salted(delta, secret.content_salt, chunk_size), secret.content_key, prefix, context)
    written = BytesIO()  # whose value is not copied, as what is joined is
    written.writelines((MAGIC, prefix))
    written.writelines(chunks)
    return written.getvalue()


def _salted(delta: bytes, salt: bytes, chunk_size: int) -> Iterator[Buffer]:
    """Chunks of salt ‖ delta, copying no more than the first."""
    if chunk_size <= len(salt):
        yield from slices(salt + delta, chunk_size)
        return
    first = chunk_size - len(salt)
    yield salt + delta[:first]
    if len(delta) > first:
        yield from slices(memoryview(delta)[first:], chunk_size)
