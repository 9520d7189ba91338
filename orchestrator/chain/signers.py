"""Whoever holds a key that signs transactions, and what it signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from orchestrator.chain.fees import Fees
from orchestrator.chain.proxy import Call
from orchestrator.types import Address, Digest


class Signer(Protocol):
    """Whoever holds the key. ``Keystore`` does; ``KeystoreSigner`` makes it one of these."""

    @property
    def address(self) -> Address:
        """The account that it signs for."""

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """The raw signed transaction."""


class _Keys(Protocol):
    """The part of ``Keystore`` that is needed here."""

    @property
    def delegate_address(self) -> Address: ...

    @property
    def authority_address(self) -> Address: ...

    def sign_transaction(self, role: Literal["delegate", "authority"], transaction: dict[str, Any]) -> bytes: ...


class KeystoreSigner:
    """One role of an open keystore as a :class:`Signer`, wherever the keystore has its key from."""

    def __init__(self, keystore: _Keys, role: Literal["delegate", "authority"]) -> None:
        self._keystore = keystore
        self._role = role

    @property
    def address(self) -> Address:
        return self._keystore.delegate_address if self._role == "delegate" else self._keystore.authority_address

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        return self._keystore.sign_transaction(self._role, dict(transaction))


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction: store it before it is broadcast, and a crash costs nothing."""

    name: str
    chain_id: int
    nonce: int
    raw: bytes

    @property
    def hash(self) -> Digest:
        return Digest("0x" + keccak(self.raw).hex())


def unsigned(call: Call, nonce: int, gas: int, fees: Fees) -> dict[str, Any]:
    """As eth_account signs it: integers, and the target in mixed case with its checksum."""
    return {
        "chainId": call.chain_id,
        "nonce": nonce,
        "to": to_checksum_address(call.to),
        "data": "0x" + call.data.hex(),
        "value": call.value,
        "gas": gas,
        **fees.fields,
    }
