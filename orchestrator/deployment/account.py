"""Accounts that contracts are deployed from: unlocked ones of a development node, and encrypted files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from eth_account import Account as EthAccount
from eth_account.signers.local import LocalAccount

from orchestrator.errors import ConfigurationError, KeystoreError
from orchestrator.types import Address


class Account(Protocol):
    """Whoever pays for a deployment."""

    @property
    def address(self) -> Address:
        """In lower case; told without a password."""

    def sign(self, transaction: Mapping[str, Any]) -> bytes | None:
        """The raw signed transaction; None where the node holds the key and signs when it is sent."""


class NodeAccount:
    """An unlocked account of the node."""

    def __init__(self, address: str) -> None:
        self.address = Address(address.lower())

    def sign(self, transaction: Mapping[str, Any]) -> None:
        return None


class KeyAccount:
    """An encrypted key file (Web3 Secret Storage, as `brownie accounts` makes them).

    Args:
        path: the file. ask: gives its password; called once, before the first transaction is signed.

    Raises:
        ConfigurationError: there is no such file, or it is none of that kind.
    """

    def __init__(self, path: Path, ask: Callable[[], str]) -> None:
        self.path = path
        self._ask = ask
        self._account: LocalAccount | None = None
        try:
            self._document = json.loads(path.read_text("utf-8"))
        except OSError as error:
            raise ConfigurationError(f"cannot read the account {path}: {error.strerror}") from error
        except ValueError as error:
            raise ConfigurationError(f"{path} is not an encrypted account: {error}") from error
        if not isinstance(self._document, dict) or "crypto" not in {str(key).lower() for key in self._document}:
            raise ConfigurationError(
                f"{path} is not an encrypted account", mend="`brownie accounts new NAME` makes one"
            )

    @property
    def address(self) -> Address:
        told = str(self._document.get("address", ""))
        if len(told.removeprefix("0x")) != 40:  # a file may leave it out
            return Address(self._unlocked().address.lower())
        return Address("0x" + told.removeprefix("0x").lower())

    def sign(self, transaction: Mapping[str, Any]) -> bytes:
        return bytes(self._unlocked().sign_transaction(dict(transaction)).raw_transaction)

    def _unlocked(self) -> LocalAccount:
        if self._account is None:
            try:
                key = EthAccount.decrypt(self._document, self._ask())
            except (ValueError, TypeError, KeyError) as error:
                raise KeystoreError(f"the password of account {self.path.stem} is wrong", mend="try again") from error
            self._account = EthAccount.from_key(key)
        return self._account
