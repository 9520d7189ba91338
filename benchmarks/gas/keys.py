"""Accounts whose keys follow from their labels, so that every run has the same addresses and signatures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from orchestrator.types import Address


@dataclass(frozen=True)
class Key:
    """One account, by its label."""

    label: str

    @cached_property
    def account(self) -> LocalAccount:
        account: LocalAccount = Account.from_key(hashlib.sha256(f"loranchor bench {self.label}".encode()).digest())
        return account

    @property
    def address(self) -> Address:
        return Address(self.account.address.lower())

    def sign(self, digest: bytes) -> bytes:
        """r ‖ s ‖ v over a 32-byte digest."""
        return bytes(self.account.unsafe_sign_hash(Hash32(digest)).signature)


def signatures(keys: Sequence[Key], digest: bytes) -> list[bytes]:
    """Signatures in ascending order of their signer."""
    return [key.sign(digest) for key in sorted(keys, key=lambda key: int(key.address, 16))]
