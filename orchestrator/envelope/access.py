"""Parts of a sealed update, decrypted when they are read and kept by nobody.

Each chunk of the payload proves genuine and in its place by itself, so a fold of many updates reads the chunks that
hold one module, of all of them, and never holds a whole plaintext. :meth:`SealedPayload.prove` compares the whole
content with what was committed to, in constant memory.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.utils import Buffer

from orchestrator.envelope.header import Commitments, Context, read_header
from orchestrator.envelope.opening import MOST_CHUNKS, check_sealed
from orchestrator.envelope.sealing import KEY_SIZE, MAGIC, SALT_SIZE, key_commitment
from orchestrator.envelope.stream import PREFIX_SIZE, TAG_SIZE, _nonce
from orchestrator.errors import EnvelopeError
from orchestrator.ledger.canonical import sha256

_PREAMBLE = len(MAGIC) + PREFIX_SIZE


class SealedPayload:
    """Random access to the delta in a sealed payload. Several threads may read at once.

    Args:
        header, payload: the two objects of a sealed update; the payload may be a memory map.
        content_key: unwrapped from the header, or out of the keystore.

    Raises:
        EnvelopeError: the header is not the recorded one, the key is not the header's, or the sizes contradict.
    """

    def __init__(
        self, header: bytes, payload: Buffer, content_key: bytes, *, context: Context, commitments: Commitments
    ) -> None:
        self._header, self._payload = header, memoryview(payload)
        self._context, self._commitments = context, commitments
        self._parsed = read_header(header, context=context, commitments=commitments)
        known = hmac.compare_digest(key_commitment(content_key), self._parsed.key_commitment)
        if len(content_key) != KEY_SIZE or not known:
            raise EnvelopeError("wrong key: it does not match the header's key commitment")
        self._cipher, self._associated = AESGCM(content_key), context.digest()
        self._chunk = self._parsed.chunk_size
        self._chunks = max(1, -(-self.room // self._chunk))
        if self._chunks > MOST_CHUNKS:
            raise EnvelopeError(f"the payload has {self._chunks} chunks, at most {MOST_CHUNKS} are opened")
        if self.size < 0 or len(self._payload) != _PREAMBLE + self.room + self._chunks * TAG_SIZE:
            raise EnvelopeError("the payload has not the size that its header says")

    @property
    def size(self) -> int:
        """Bytes of the delta."""
        return self.room - SALT_SIZE

    @property
    def room(self) -> int:
        """Bytes that :meth:`open` needs: the delta's and the content salt's."""
        return self._parsed.plaintext_size

    def verify(self) -> None:
        """Compare the stored objects with what the chain recorded; needs no key.

        Raises:
            EnvelopeError: truncated, too long or tampered with.
        """
        check_sealed(self._header, cast(bytes, self._payload), context=self._context, commitments=self._commitments)

    def open(self, into: memoryview | None = None) -> memoryview:
        """The whole delta, compared with the content commitment.

        Args:
            into: a buffer of at least :attr:`room` bytes to decrypt into; a new one by default.

        Raises:
            EnvelopeError: wrong context, tampered with, or not what was committed to.
        """
        target = memoryview(bytearray(self.room)) if into is None else into
        self._pass_over(target[start:end] for start, end in map(self._place, range(self._chunks)))
        return target[SALT_SIZE : self.room]

    def prove(self) -> None:
        """The checks of :meth:`open` with the memory of one chunk."""
        scratch = memoryview(bytearray(min(self._chunk, self.room)))
        self._pass_over(scratch[: end - start] for start, end in map(self._place, range(self._chunks)))

    def read(self, start: int, end: int) -> memoryview:
        """Bytes ``[start, end)`` of the delta.

        Raises:
            EnvelopeError: a chunk that holds some of them does not open.
        """
        first, last = (SALT_SIZE + start) // self._chunk, (SALT_SIZE + end - 1) // self._chunk
        offset, stop = self._place(first)[0], self._place(last)[1]
        target = memoryview(bytearray(stop - offset))
        for index in range(first, last + 1):
            begin, stop = self._place(index)
            self._decrypt(index, target[begin - offset : stop - offset])
        return target[SALT_SIZE + start - offset : SALT_SIZE + end - offset]

    def close(self) -> None:
        self._payload.release()

    def _place(self, index: int) -> tuple[int, int]:
        """Where a chunk's plaintext lies."""
        return index * self._chunk, min((index + 1) * self._chunk, self.room)

    def _pass_over(self, targets: Iterable[memoryview]) -> None:
        """Decrypt all chunks, each into its target, and compare salt and content with the commitment."""
        content, salt = hashlib.sha256(), b""
        for index, target in enumerate(targets):
            self._decrypt(index, target)
            rest = SALT_SIZE - len(salt)
            salt += bytes(target[:rest])
            content.update(target[rest:])
        if sha256(salt + content.digest()) != self._commitments.content_commitment:
            raise EnvelopeError(f"the content is not the one committed to by {self._commitments.content_commitment}")

    def _decrypt(self, index: int, target: memoryview) -> None:
        start = _PREAMBLE + index * (self._chunk + TAG_SIZE)
        sealed = self._payload[start : start + len(target) + TAG_SIZE]
        prefix = bytes(self._payload[len(MAGIC) : _PREAMBLE])
        try:
            self._cipher.decrypt_into(
                _nonce(prefix, index, index == self._chunks - 1), sealed, self._associated, target
            )
        except InvalidTag:
            raise EnvelopeError(f"chunk {index} of the payload was tampered with, or is out of its place") from None
