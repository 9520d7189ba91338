"""Whoever holds one of the two keys: a file of the keystore, opened with the password, or a signer elsewhere."""

from __future__ import annotations

from typing import Any, Protocol

from eth_account.signers.local import LocalAccount

from orchestrator.keystore import accounts
from orchestrator.types import Address


class KeyHolder(Protocol):
    """Signs with one key, and shows it to nobody."""

    @property
    def address(self) -> Address:
        """The key's address, lower case."""

    def check(self) -> None:
        """See that the key can be used now; SignerSilent or KeystoreError otherwise."""

    def sign_digest(self, digest: bytes) -> bytes:
        """r ‖ s ‖ v over 32 bytes, s low, v 27 or 28. A holder that hashes for itself wants a ``TypedDigest``."""

    def sign_transaction(self, transaction: dict[str, Any]) -> bytes:
        """The raw bytes of a transaction as web3 takes it: type 2, or type 0 with a chain id."""


class LocalKey:
    """A key of the keystore, unlocked."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account

    @property
    def address(self) -> Address:
        return Address(self._account.address.lower())

    def check(self) -> None:
        return

    def sign_digest(self, digest: bytes) -> bytes:
        return accounts.sign_digest(self._account, digest)

    def sign_transaction(self, transaction: dict[str, Any]) -> bytes:
        return accounts.sign_transaction(self._account, transaction)

    def __repr__(self) -> str:
        return f"LocalKey({self.address})"
