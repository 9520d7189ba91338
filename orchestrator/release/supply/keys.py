"""Keys of signers: elliptic curves in PEM files, the private one under a password; never from the environment."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from orchestrator.errors import KeystoreError

HASHES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
"""Curves that OpenSSF model signing takes, and what is hashed with on each."""
MAKE = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -out KEY"


def read_private(path: Path, password: str) -> ec.EllipticCurvePrivateKey:
    """A private key under a password.

    Raises:
        KeystoreError: no such file, no such key, another password, or a key that lies there without one.
    """
    data = _read(path)
    if b"ENCRYPTED" not in data:
        raise KeystoreError(f"{path} is no private key under a password", mend=f"make one with `{MAKE}`")
    try:
        key = serialization.load_pem_private_key(data, password.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeystoreError(f"{path} does not open with this password, or is damaged") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in HASHES:
        raise KeystoreError(f"{path} is of no kind that models are signed with", mend=f"make one with `{MAKE}`")
    return key


def read_public(path: Path) -> ec.EllipticCurvePublicKey:
    """A public key.

    Raises:
        KeystoreError: no such file, or no such key.
    """
    mend = "make it with `openssl pkey -in KEY -pubout -out PUB`"
    try:
        key = serialization.load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeystoreError(f"{path} is no public key", mend=mend) from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in HASHES:
        raise KeystoreError(f"{path} is of no kind that models are signed with", mend=mend)
    return key


def fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """SHA-256 of the key's PEM text, as the signature's bundle hints at it."""
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(pem).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeystoreError(f"cannot read the key {path}: {error.strerror}") from error
