"""The key-encryption key (KEK): every secret of the keystore is encrypted under it, and it under the password.

It lies in a file of its own, so that replacing this one small file makes everything under the old key unreadable at
once, wherever copies of the rest are. Keys are numbered by ``generation``.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestrator.errors import KeystoreError
from orchestrator.keystore.files import read_document, write_private

FORMAT = "loranchor/kek"
DEFAULT_SCRYPT_N = 2**17
_R, _P, _NONCE = 8, 1, 12


@dataclass(frozen=True, slots=True)
class PasswordKey:
    """scrypt(password): kept while the keystore is open, so that a new KEK can be written without the password."""

    key: bytes = field(repr=False)
    salt: bytes
    n: int

    @classmethod
    def derive(cls, password: str, salt: bytes, n: int) -> PasswordKey:
        memory = 128 * _R * (n + _P + 2)
        key = hashlib.scrypt(password.encode(), salt=salt, n=n, r=_R, p=_P, maxmem=2 * memory, dklen=32)
        return cls(key, salt, n)

    @classmethod
    def fresh(cls, password: str, n: int) -> PasswordKey:
        return cls.derive(password, secrets.token_bytes(32), n)


@dataclass(frozen=True, slots=True)
class Kek:
    """One key-encryption key."""

    generation: int
    id: str
    key: bytes = field(repr=False)

    @classmethod
    def fresh(cls, generation: int) -> Kek:
        return cls(generation, secrets.token_hex(16), secrets.token_bytes(32))

    def encrypt(self, kind: str, id: str, secret: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self.key).encrypt(nonce, secret, f"{kind}:{id}".encode())

    def decrypt(self, kind: str, id: str, data: bytes) -> bytes:
        """Raises KeystoreError: damaged, or an entry moved to another name."""
        try:
            return AESGCM(self.key).decrypt(data[:_NONCE], data[_NONCE:], f"{kind}:{id}".encode())
        except (InvalidTag, ValueError):
            raise KeystoreError(f"the keystore's entry for {kind} {id} is damaged") from None


def write_kek(path: Path, kek: Kek, password_key: PasswordKey) -> None:
    head = {"format": FORMAT, "version": 1, "generation": kek.generation, "id": kek.id}
    scrypt = {"name": "scrypt", "n": password_key.n, "r": _R, "p": _P, "salt": password_key.salt.hex()}
    nonce = secrets.token_bytes(_NONCE)
    wrapped = AESGCM(password_key.key).encrypt(nonce, kek.key, _aad(head))
    write_private(path, {**head, "kdf": scrypt, "nonce": nonce.hex(), "wrapped": wrapped.hex()})


def read_password_key(path: Path, password: str) -> PasswordKey:
    """Derive what opens the KEK file at ``path``; says nothing yet on whether the password is right."""
    kdf = read_document(path, format=FORMAT).get("kdf")
    try:
        if kdf is None or (kdf["name"], kdf["r"], kdf["p"]) != ("scrypt", _R, _P) or not 2 <= kdf["n"] <= 2**22:
            raise ValueError("unknown parameters")
        return PasswordKey.derive(password, bytes.fromhex(kdf["salt"]), kdf["n"])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error


def read_kek(path: Path, password_key: PasswordKey) -> Kek:
    """Raises KeystoreError: wrong password, or damaged."""
    document = read_document(path, format=FORMAT)
    try:
        nonce, wrapped = bytes.fromhex(document["nonce"]), bytes.fromhex(document["wrapped"])
        head = {name: document[name] for name in ("format", "version", "generation", "id")}
        if not isinstance(head["generation"], int) or not isinstance(head["id"], str) or len(nonce) != _NONCE:
            raise ValueError("ill-formed")
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error
    try:
        key = AESGCM(password_key.key).decrypt(nonce, wrapped, _aad(head))
    except InvalidTag:
        raise KeystoreError(f"wrong password for the keystore in {path.parent}") from None
    return Kek(head["generation"], head["id"], key)


def peek_id(path: Path) -> str | None:
    """The id of the KEK in a file, without opening it; ``None`` where there is no file."""
    return str(read_document(path, format=FORMAT).get("id")) if path.exists() else None


def _aad(head: dict[str, Any]) -> bytes:
    return json.dumps(head, sort_keys=True, separators=(",", ":")).encode()


def _damaged(path: Path) -> KeystoreError:
    return KeystoreError(f"{path} is damaged", mend="put an undamaged copy back")
