"""A member's lock key: 32 secret bytes, from which follows whatever its key-lock is made of (docs/methods/keylock.md).

It is made by the operating system's generator, lies in the keystore, encrypted as every other secret, and goes nowhere
but to the organisation's own worker process. What is derived from it is SHAKE-256 of the key and a purpose, so that no
derived value gives away another, or the key.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from orchestrator.errors import KeystoreError
from orchestrator.types import Digest

KEY_BYTES = 32
_DOMAIN = b"loranchor key-lock 1/"


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

    def derived(self, purpose: str, length: int) -> bytes:
        """Bytes that only the key's holder can tell."""
        return hashlib.shake_256(_DOMAIN + self.secret + purpose.encode()).digest(length)

    @property
    def commitment(self) -> Digest:
        """Binds its holder to the key and says nothing about it: whoever is shown the key can check it."""
        return Digest("0x" + self.derived("commitment", 32).hex())
