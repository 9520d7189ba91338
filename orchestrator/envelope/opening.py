"""Open a sealed update, having compared everything with what the chain recorded."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from io import BytesIO

from cryptography.exceptions import InvalidTag

from orchestrator.envelope.header import Commitments, Context, Header, read_header
from orchestrator.envelope.prekeys import load_private, prekey_digest, public_of
from orchestrator.envelope.sealing import (
    HPKE_SUITE,
    KEY_SIZE,
    MAGIC,
    SALT_SIZE,
    content_commitment,
    key_commitment,
    wrap_info,
)
from orchestrator.envelope.stream import PREFIX_SIZE, TAG_SIZE, open_chunks, slices
from orchestrator.errors import EnvelopeError
from orchestrator.ledger.canonical import sha256
from orchestrator.types import OrganisationId

_PREAMBLE = len(MAGIC) + PREFIX_SIZE
MOST_CHUNKS = 1 << 16
"""Of a payload that is opened in one piece: chunks of one byte would cost whoever opens it hours."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened update: the delta's bytes, and the content salt for the keystore."""

    delta: bytes = field(repr=False)
    content_salt: bytes = field(repr=False)


def check_sealed(header: bytes, payload: bytes, *, context: Context, commitments: Commitments) -> Header:
    """Check all that can be checked without a key: what an auditor sees.

    Raises:
        EnvelopeError: names what does not agree.
    """
    parsed = read_header(header, context=context, commitments=commitments)
    if len(payload) != parsed.ciphertext_size:
        what = "truncated" if len(payload) < parsed.ciphertext_size else "too long"
        raise EnvelopeError(f"the payload is {what}: {len(payload)} of {parsed.ciphertext_size} bytes")
    if (found := sha256(payload)) != parsed.ciphertext_digest:
        raise EnvelopeError(
            f"the payload was tampered with: its digest is {found}, the header says {parsed.ciphertext_digest}"
        )
    if payload[: len(MAGIC)] != MAGIC:
        raise EnvelopeError("the payload is not a sealed update of version 1")
    chunks = max(1, -(-parsed.plaintext_size // parsed.chunk_size))
    if chunks > MOST_CHUNKS:
        raise EnvelopeError(f"the payload has {chunks} chunks, at most {MOST_CHUNKS} are opened")
    if parsed.plaintext_size < SALT_SIZE or len(payload) != _PREAMBLE + parsed.plaintext_size + chunks * TAG_SIZE:
        raise EnvelopeError("the sizes in the envelope header contradict each other")
    return parsed


def unwrap(
    header: bytes,
    organisation: OrganisationId,
    prekey_private: bytes,
    *,
    context: Context,
    commitments: Commitments,
) -> bytes:
    """Take the content key out of a header.

    Raises:
        EnvelopeError: not the recorded header, another context, not a recipient, or another prekey.
    """
    parsed = read_header(header, context=context, commitments=commitments)
    recipient = parsed.recipient(organisation)
    if recipient.prekey != (own := prekey_digest(public_of(prekey_private))):
        raise EnvelopeError(f"the update is sealed to prekey {recipient.prekey} of {organisation}, this one is {own}")
    info = wrap_info(context, recipient.prekey)
    try:
        content_key = HPKE_SUITE.decrypt(recipient.wrapped, load_private(prekey_private), info)
    except (InvalidTag, ValueError):
        raise EnvelopeError(f"the content key wrapped for {organisation} does not open: wrong key or context") from None
    _check_key(parsed, content_key)
    return content_key


def open_payload(
    header: bytes, payload: bytes, content_key: bytes, *, context: Context, commitments: Commitments
) -> Opened:
    """Decrypt a payload and check it against the content commitment. Beside the payload the delta is in memory once.

    Raises:
        EnvelopeError: truncated, reordered, tampered with, wrong key, wrong context, or not what was committed to.
    """
    parsed = check_sealed(header, payload, context=context, commitments=commitments)
    _check_key(parsed, content_key)
    prefix = payload[len(MAGIC) : _PREAMBLE]
    chunks = slices(memoryview(payload)[_PREAMBLE:], parsed.chunk_size + TAG_SIZE)
    salt, written = b"", BytesIO()  # whose value is not copied, as what is joined or cut is
    for chunk in open_chunks(chunks, content_key, prefix, context.digest()):
        missing = SALT_SIZE - len(salt)
        salt += chunk[:missing]
        written.write(memoryview(chunk)[missing:])
    delta = written.getvalue()
    if content_commitment(salt, delta) != commitments.content_commitment:
        raise EnvelopeError(f"the content is not the one committed to by {commitments.content_commitment}")
    return Opened(delta, salt)


def _check_key(header: Header, content_key: bytes) -> None:
    if len(content_key) != KEY_SIZE:
        raise EnvelopeError(f"a content key has {KEY_SIZE} bytes, this one has {len(content_key)}")
    if not hmac.compare_digest(key_commitment(content_key), header.key_commitment):
        raise EnvelopeError("wrong key: it does not match the header's key commitment")
