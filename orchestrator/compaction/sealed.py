"""Sealing a compacted object, and reading parts of a sealed one.

Bytes are sealed like an update's, under a fresh content key and with a content salt of their own. No key is wrapped in
a header: there is no round whose prekeys it could be wrapped to. It reaches members like all keys of the past do, by
catching up; meanwhile the document tells what they need besides.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.utils import Buffer

from orchestrator.compaction.document import Content
from orchestrator.envelope import Commitments, Context
from orchestrator.envelope.access import SealedPayload
from orchestrator.envelope.header import MAX_CHUNK_SIZE, Header
from orchestrator.envelope.opening import MOST_CHUNKS
from orchestrator.envelope.sealing import KEY_SIZE, MAGIC, SALT_SIZE, ContentSecret, key_commitment
from orchestrator.envelope.stream import DEFAULT_CHUNK_SIZE, PREFIX_SIZE, TAG_SIZE, seal_chunks
from orchestrator.errors import EnvelopeError
from orchestrator.ledger.canonical import sha256
from orchestrator.types import Cid, Digest


class MissingKey(EnvelopeError):
    """The key at hand is not the object's."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed object that no store has yet."""

    payload: bytes
    secret: ContentSecret
    plaintext_size: int
    chunk_size: int
    content_commitment: Digest

    def content(self, cid: Cid) -> Content:
        return Content(
            cid=cid,
            ciphertext_digest=sha256(self.payload),
            ciphertext_size=len(self.payload),
            plaintext_size=self.plaintext_size,
            chunk_size=self.chunk_size,
            key_commitment=key_commitment(self.secret.content_key),
            content_commitment=self.content_commitment,
        )


def seal_pieces(pieces: Iterable[Buffer], context: Context, *, chunk_size: int = DEFAULT_CHUNK_SIZE) -> Sealed:
    """Encrypt bytes that come in pieces; besides the ciphertext no more than a chunk is held.

    Args:
        context: chain, ``ArtefactRegistry``, last round covered and maker; the object opens in no other.
    """
    secret = ContentSecret(secrets.token_bytes(KEY_SIZE), secrets.token_bytes(SALT_SIZE))
    prefix, content, size = secrets.token_bytes(PREFIX_SIZE), hashlib.sha256(), 0

    def told() -> Iterator[Buffer]:
        nonlocal size
        yield secret.content_salt
        for piece in pieces:
            content.update(piece)
            size += memoryview(piece).nbytes
            yield piece

    sealed = seal_chunks(_chunks(told(), chunk_size), secret.content_key, prefix, context.digest())
    payload = b"".join((MAGIC, prefix, *sealed))
    commitment = sha256(secret.content_salt + content.digest())
    return Sealed(payload, secret, SALT_SIZE + size, chunk_size, commitment)


def _chunks(pieces: Iterable[Buffer], size: int) -> Iterator[bytes]:
    """The same bytes in chunks of that size, the last one smaller or not."""
    held = bytearray()
    for piece in pieces:
        view = memoryview(piece).cast("B")
        while len(view):
            taken = view[: size - len(held)]
            held += taken
            view = view[len(taken) :]
            if len(held) == size:
                yield bytes(held)
                held.clear()
    if held:
        yield bytes(held)


class SealedCompaction(SealedPayload):
    """Random access to the delta in a sealed object, as :class:`~orchestrator.envelope.access.SealedPayload`.

    Args:
        content: what the agreed document says of the bytes. payload: may be a memory map.

    Raises:
        MissingKey: the key is not the object's.
        EnvelopeError: the sizes contradict each other.
    """

    def __init__(self, content: Content, payload: Buffer, content_key: bytes, *, context: Context) -> None:
        self._told, self._payload = content, memoryview(payload)
        known = hmac.compare_digest(key_commitment(content_key), content.key_commitment)
        if len(content_key) != KEY_SIZE or not known:
            raise MissingKey(
                "the key at hand is not the one of this object", mend="wait until the node has caught up on keys"
            )
        if not 1 <= content.chunk_size <= MAX_CHUNK_SIZE:
            raise EnvelopeError(f"the object's chunk size {content.chunk_size} is not within 1 and {MAX_CHUNK_SIZE}")
        self._context = context
        self._commitments = Commitments(content.ciphertext_digest, Digest(""), content.content_commitment)
        self._parsed = Header(
            context=context,
            ciphertext_digest=content.ciphertext_digest,
            ciphertext_size=content.ciphertext_size,
            plaintext_size=content.plaintext_size,
            chunk_size=content.chunk_size,
            key_commitment=content.key_commitment,
            recipients=(),
        )
        self._cipher, self._associated = AESGCM(content_key), context.digest()
        self._chunk = content.chunk_size
        self._chunks = max(1, -(-content.plaintext_size // content.chunk_size))
        whole = len(MAGIC) + PREFIX_SIZE + content.plaintext_size + self._chunks * TAG_SIZE
        if self._chunks > MOST_CHUNKS or content.plaintext_size < SALT_SIZE:
            raise EnvelopeError("the object's document tells sizes that no object has")
        if not len(self._payload) == whole == content.ciphertext_size:
            raise EnvelopeError("the object has not the size that its document says")

    def verify(self) -> None:
        """Compare the stored bytes with the document; needs no key.

        Raises:
            EnvelopeError: tampered with.
        """
        found = "0x" + hashlib.sha256(self._payload).hexdigest()
        if found != self._told.ciphertext_digest or bytes(self._payload[: len(MAGIC)]) != MAGIC:
            raise EnvelopeError(f"the object has digest {found}, its document says {self._told.ciphertext_digest}")

    def salt(self) -> bytes:
        """The content salt, which the plaintext begins with.

        Raises:
            EnvelopeError: the chunk that holds it does not open.
        """
        return bytes(self.read(-SALT_SIZE, 0))
