"""One-time round prekeys: ML-KEM-768 and X25519 side by side, as HPKE's hybrid KEM takes them.

A public key is the ML-KEM-768 encapsulation key (1,184 bytes) and then the X25519 key (32); a private key is the ML-KEM
seed (64 bytes) and then the X25519 scalar (32). Both break only if both halves do.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from orchestrator.errors import EnvelopeError
from orchestrator.ledger.canonical import sha256
from orchestrator.types import Digest

PUBLIC_SIZE = 1184 + 32
PRIVATE_SIZE = 64 + 32


def generate_prekey() -> tuple[bytes, bytes]:
    """A new prekey as ``(private bytes, public bytes)``."""
    mlkem, x25519 = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
    private = mlkem.private_bytes_raw() + x25519.private_bytes_raw()
    return private, mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def prekey_digest(public: bytes) -> Digest:
    """SHA-256 of the public bytes: what ``KeyDirectory`` stores and a header names."""
    return sha256(public)


def public_of(private: bytes) -> bytes:
    """The public bytes that belong to private ones.

    Raises:
        EnvelopeError: not a prekey.
    """
    mlkem, x25519 = _private_halves(private)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def load_private(private: bytes) -> MLKEM768X25519PrivateKey:
    return MLKEM768X25519PrivateKey(*_private_halves(private))


def load_public(public: bytes) -> MLKEM768X25519PublicKey:
    """Raises EnvelopeError: not a prekey."""
    if len(public) != PUBLIC_SIZE:
        raise EnvelopeError(f"a prekey has {PUBLIC_SIZE} bytes, this one has {len(public)}")
    try:
        mlkem = MLKEM768PublicKey.from_public_bytes(public[:-32])
        return MLKEM768X25519PublicKey(mlkem, X25519PublicKey.from_public_bytes(public[-32:]))
    except ValueError as error:
        raise EnvelopeError(f"prekey {prekey_digest(public)} is not a valid key: {error}") from error


def _private_halves(private: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    if len(private) != PRIVATE_SIZE:
        raise EnvelopeError(f"a private prekey has {PRIVATE_SIZE} bytes, this one has {len(private)}")
    return MLKEM768PrivateKey.from_seed_bytes(private[:64]), X25519PrivateKey.from_private_bytes(private[64:])
