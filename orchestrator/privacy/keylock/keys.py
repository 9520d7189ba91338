"""A member's lock key: 32 secret bytes, from which follows whatever a lock is made of. Imports no torch.

The key is made by the operating system's generator, lies in the keystore, encrypted as every other secret, and goes
nowhere but to the organisation's own worker process. What is derived from it is SHAKE-256 of the key and a purpose, so
that no derived value gives away another or the key.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orchestrator.errors import KeystoreError
from orchestrator.ledger.canonical import digest
from orchestrator.types import Digest

KEY_BYTES = 32
_DOMAIN = b"loranchor key-lock 1/"
_STEPS = 1 << 24
"""Derived numbers are multiples of its inverse: exact in float32."""


@dataclass(frozen=True, slots=True)
class LockKey:
    """One key. ``generation`` counts a home's keys from 1; it is not secret.

    Raises:
        KeystoreError: not 32 bytes.
    """

    generation: int
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise KeystoreError(f"a lock key has {KEY_BYTES} bytes, not {len(self.secret)}")

    @classmethod
    def fresh(cls, generation: int = 1) -> LockKey:
        """A new one from the operating system's generator."""
        return cls(generation, secrets.token_bytes(KEY_BYTES))

    def uniform(self, purpose: str, count: int) -> NDArray[np.float32]:
        """Numbers [count] uniform in [0, 1), which only the key's holder can tell, the same on every machine."""
        stream = self._stream(f"uniform/{purpose}", 4 * count)
        return ((np.frombuffer(stream, dtype="<u4") >> 8) / np.float64(_STEPS)).astype(np.float32)

    @property
    def commitment(self) -> Digest:
        """Binds its holder to the key and says nothing about it: whoever is shown the key can check it."""
        return Digest("0x" + self._stream("commitment", 32).hex())

    def _stream(self, purpose: str, length: int) -> bytes:
        return hashlib.shake_256(_DOMAIN + self.secret + purpose.encode()).digest(length)


def fingerprint(key: LockKey, strength: int) -> Digest:
    """Of a member's key policy: the scheme, how strong it is (millionths), and the key's commitment.

    It is in the data statement of every update that was trained under the lock, and the statement's digest on the
    private chain; so a member cannot say later that it used another key, or none.
    """
    return digest(
        {
            "format": "loranchor/key-lock",
            "version": 1,
            "scheme": "adapter-input",
            "strength_millionths": strength,
            "commitment": key.commitment,
        }
    )
