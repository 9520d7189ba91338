"""What one member answers another that lacks content keys: sealed to the request's one-time key, opened nowhere else.

Format: docs/formats/catch-up.md. Opening says only that the object is one; whether its keys are the right ones shows
when they open what the chain recorded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag

from orchestrator.envelope.prekeys import load_private, load_public, prekey_digest, public_of
from orchestrator.envelope.sealing import HPKE_SUITE, ContentSecret
from orchestrator.errors import EnvelopeError, FormatError
from orchestrator.ledger.canonical import canonical_bytes, parse
from orchestrator.types import Address, Digest, OrganisationId, UpdateId

FORMAT = "loranchor/catch-up"
MAGIC = b"LORANCC1"
MOST_ENTRIES = 1 << 16
OBJECT_LIMIT = MOST_ENTRIES * 256
"""Most bytes of an object: an entry takes 250 of them, and the rest less than what that leaves."""
_ENTRY = {"update_id", "content_key", "content_salt"}
_WORD = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class CatchUpContext:
    """Whose answer to which request: the object opens for no other.

    Attributes:
        chain_id, directory: the private chain and its ``KeyDirectory``.
        number: of the request.
    """

    chain_id: int
    directory: Address
    number: int
    asker: OrganisationId
    answerer: OrganisationId

    def info(self, key: Digest) -> bytes:
        """HPKE ``info``: ties the object to its request and to the one-time key."""
        document = {"chain_id": self.chain_id, "directory": self.directory, "number": str(self.number),
                    "asker": self.asker, "answerer": self.answerer}  # fmt: skip
        return b"loranchor/catch-up/1" + hashlib.sha256(canonical_bytes(document)).digest() + bytes.fromhex(key[2:])


def seal_catch_up(secrets: Mapping[UpdateId, ContentSecret], context: CatchUpContext, public: bytes) -> bytes:
    """Seal content keys and salts to the public key of a request.

    Raises:
        EnvelopeError: the request's key is none, or there are more secrets than anybody opens.
    """
    if len(secrets) > MOST_ENTRIES:
        raise EnvelopeError(f"{len(secrets)} content keys are too many for one answer, at most {MOST_ENTRIES}")
    info = context.info(prekey_digest(public))
    try:
        return MAGIC + HPKE_SUITE.encrypt(_plaintext(secrets), load_public(public), info)
    except ValueError as error:
        raise EnvelopeError(f"the key of request {context.number} is not a valid key: {error}") from error


def open_catch_up(sealed: bytes, context: CatchUpContext, private: bytes) -> dict[UpdateId, ContentSecret]:
    """What an answer holds, by update.

    Raises:
        EnvelopeError: another version, sealed to another key or for another request, tampered with, or ill-formed.
    """
    if len(sealed) > OBJECT_LIMIT:
        raise EnvelopeError(f"the answer has {len(sealed)} bytes, at most {OBJECT_LIMIT} are opened")
    if sealed[: len(MAGIC)] != MAGIC:
        raise EnvelopeError("the object is not an answer of version 1", mend="upgrade LoRAnchor if others are newer")
    info = context.info(prekey_digest(public_of(private)))
    try:
        plaintext = HPKE_SUITE.decrypt(sealed[len(MAGIC) :], load_private(private), info)
    except (InvalidTag, ValueError):
        raise EnvelopeError(
            f"the answer of {context.answerer} to request {context.number} does not open: wrong key or context"
        ) from None
    return _parsed(plaintext)


def _plaintext(secrets: Mapping[UpdateId, ContentSecret]) -> bytes:
    entries = [
        {"update_id": item, "content_key": "0x" + secret.content_key.hex(),
         "content_salt": "0x" + secret.content_salt.hex()}
        for item, secret in sorted(secrets.items())
    ]  # fmt: skip
    return canonical_bytes({"format": FORMAT, "version": 1, "entries": entries})


def _parsed(plaintext: bytes) -> dict[UpdateId, ContentSecret]:
    try:
        document = parse(plaintext, format=FORMAT, versions={1}, limit=OBJECT_LIMIT)
    except (FormatError, TypeError) as error:  # TypeError: a version that is a list or an object
        raise EnvelopeError(f"the answer cannot be read: {error}") from error
    if set(document) != {"format", "version", "entries"} or not isinstance(document["entries"], list):
        raise EnvelopeError("the answer lacks or adds members, or its entries are not a list")
    if len(document["entries"]) > MOST_ENTRIES:
        raise EnvelopeError(f"the answer has {len(document['entries'])} entries, at most {MOST_ENTRIES} are read")
    secrets = dict(map(_entry, document["entries"]))
    if list(secrets) != sorted(secrets) or len(secrets) != len(document["entries"]):
        raise EnvelopeError("the answer's entries are repeated or out of order")
    return secrets


def _entry(value: Any) -> tuple[UpdateId, ContentSecret]:
    if not isinstance(value, dict) or set(value) != _ENTRY:
        raise EnvelopeError("an entry of the answer is not one")
    if not all(isinstance(item, str) and _WORD.fullmatch(item) for item in value.values()):
        raise EnvelopeError("an entry of the answer holds something else than 32 bytes in hexadecimal")
    secret = ContentSecret(bytes.fromhex(value["content_key"][2:]), bytes.fromhex(value["content_salt"][2:]))
    return UpdateId(value["update_id"]), secret
