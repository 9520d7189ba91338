"""The two Ethereum keys of an organisation, as Web3 Secret Storage files (version 3, scrypt)."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, Literal

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from orchestrator.errors import KeystoreError
from orchestrator.keystore.files import read_document, write_private
from orchestrator.types import Address

Role = Literal["delegate", "authority"]
ROLES: tuple[Role, ...] = ("delegate", "authority")


def write_account(path: Path, password: str, *, key: bytes | None, scrypt_n: int) -> LocalAccount:
    """Encrypt a key, a fresh one if none is given, into a new file."""
    try:
        account: LocalAccount = Account.from_key(key or secrets.token_bytes(32))
    except ValueError:
        raise KeystoreError("the given private key is not a valid one") from None  # the cause would show the key
    write_private(path, dict(Account.encrypt(account.key, password, kdf="scrypt", iterations=scrypt_n)))
    return account


def read_account(path: Path, password: str, expected: Address) -> LocalAccount:
    """Raises KeystoreError: wrong password, damaged, or the key of another address."""
    document = read_document(path)
    try:
        account: LocalAccount = Account.from_key(Account.decrypt(document, password))
    except (KeyError, TypeError, ValueError, NotImplementedError) as error:  # the last: a KDF that eth-account lacks
        if "MAC mismatch" in str(error):
            raise KeystoreError(f"wrong password for {path}") from None
        raise KeystoreError(
            f"{path} is damaged or not a version 3 key file", mend="put an undamaged copy back"
        ) from None
    if account.address.lower() != expected:
        raise KeystoreError(f"{path} holds the key of {account.address.lower()}, addresses.json says {expected}")
    return account


def sign_digest(account: LocalAccount, digest: bytes) -> bytes:
    """65 bytes r ‖ s ‖ v, s low, v 27 or 28."""
    if len(digest) != 32:
        raise KeystoreError(f"a digest to sign has 32 bytes, this one has {len(digest)}")
    return bytes(account.unsafe_sign_hash(Hash32(digest)).signature)


def sign_transaction(account: LocalAccount, transaction: dict[str, Any]) -> bytes:
    try:
        return bytes(account.sign_transaction(transaction).raw_transaction)
    except (TypeError, ValueError) as error:
        raise KeystoreError(f"cannot sign the transaction: {error}") from error
