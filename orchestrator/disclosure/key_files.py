"""Key files of a disclosure: the maintainers' key that reports are sealed to, and the reporter's account.

Both are encrypted under a password and lie where their owner keeps them, outside of any home: who answers reports need
not run a daemon, and a report must open after a year in which the daemon's machine was lost.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestrator.envelope.prekeys import generate_prekey, prekey_digest, public_of
from orchestrator.errors import ConfigurationError, KeystoreError
from orchestrator.governance.keys import KeyFile
from orchestrator.keystore import accounts
from orchestrator.keystore.files import read_document, write_private
from orchestrator.keystore.kek import DEFAULT_SCRYPT_N, PasswordKey
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.types import Address, Digest

FORMAT = "loranchor/disclosure-key"
_NONCE = 12


class ReporterKey(KeyFile):
    """A reporter's account, from a version 3 key file."""

    def salt(self, report_digest: Digest, chain_id: int, registry: Address) -> Digest:
        """The salt of a report's commitment: 32 bytes that nobody can guess and that the key makes again.

        So the same report of the same reporter is the same commitment, and shows as a second one; and who has key and
        report can publish although everything else was lost.
        """
        place = {"public_chain_id": str(chain_id), "registry": registry, "report": report_digest}
        message = b"loranchor/disclosure-salt/1" + canonical_bytes(place)
        return Digest("0x" + hmac.new(bytes(self._account.key), message, hashlib.sha256).hexdigest())


def make_account(path: Path, password: str, *, scrypt_n: int = DEFAULT_SCRYPT_N) -> Address:
    """A new account for a reporter, in a file of its own.

    Raises:
        ConfigurationError: the file is there. KeystoreError: it cannot be written.
    """
    _demand_new(path)
    return Address(accounts.write_account(path, password, key=None, scrypt_n=scrypt_n).address.lower())


def open_account(path: Path, password: str) -> ReporterKey:
    """Raises KeystoreError: no such file, wrong password, or no version 3 key file."""
    found = ReporterKey.open(path, password)
    assert isinstance(found, ReporterKey)  # KeyFile.open makes one of the class it is asked of
    return found


def make_key(path: Path, password: str, *, scrypt_n: int = DEFAULT_SCRYPT_N) -> bytes:
    """A new key that reports can be sealed to, in a file of its own; returns its public bytes.

    Raises:
        ConfigurationError: the file is there. KeystoreError: it cannot be written.
    """
    _demand_new(path)
    private, public = generate_prekey()
    derived, nonce = PasswordKey.fresh(password, scrypt_n), secrets.token_bytes(_NONCE)
    key = prekey_digest(public)
    sealed = AESGCM(derived.key).encrypt(nonce, private, key.encode())
    kdf = {"name": "scrypt", "n": scrypt_n, "r": 8, "p": 1, "salt": derived.salt.hex()}
    write_private(
        path, {"format": FORMAT, "version": 1, "key": key, "kdf": kdf, "nonce": nonce.hex(), "sealed": sealed.hex()}
    )
    return public


def open_key(path: Path, password: str) -> bytes:
    """The private bytes of a key that reports are sealed to.

    Raises:
        KeystoreError: no such file, wrong password, or damaged.
    """
    document = read_document(path, format=FORMAT)
    try:
        kdf, key = document["kdf"], str(document["key"])
        if (kdf["name"], kdf["r"], kdf["p"]) != ("scrypt", 8, 1) or not 2 <= kdf["n"] <= 2**22:
            raise ValueError("unknown parameters")
        derived = PasswordKey.derive(password, bytes.fromhex(kdf["salt"]), kdf["n"])
        private = AESGCM(derived.key).decrypt(
            bytes.fromhex(document["nonce"]), bytes.fromhex(document["sealed"]), key.encode()
        )
    except InvalidTag:
        raise KeystoreError(f"wrong password for {path}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise KeystoreError(f"{path} is damaged", mend="put an undamaged copy back") from error
    if prekey_digest(public_of(private)) != key:
        raise KeystoreError(f"{path} is damaged: its key is not the one it names", mend="put an undamaged copy back")
    return private


def _demand_new(path: Path) -> None:
    if path.exists():
        raise ConfigurationError(f"{path} exists", mend="name a new file: a key that is lost opens nothing any more")
