"""The one owner of an account's nonce on a chain: prices, signs, broadcasts and waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from orchestrator.chain.fees import Fees, fees_for
from orchestrator.chain.port import ChainPort, Receipt, RpcRefused
from orchestrator.chain.proxy import Call
from orchestrator.chain.reverts import revert_data, reverted
from orchestrator.errors import ChainError, ConfigurationError
from orchestrator.types import Address, Digest

_POLL = 0.2
_KNOWN = ("already known", "alreadyknown", "known transaction", "already imported")
_NONCE_TAKEN = ("nonce too low", "nonce is too low", "correct nonce", "nonce has already been used", "underpriced")
_POOR = ("insufficient funds", "exceeds account balance", "exceeds transaction sender account balance")
_ATTEMPTS = 10
_ETHER = 10**18


class NonceTaken(ChainError):
    """Another transaction of the account has the nonce; this one was not accepted."""


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
    """One role of an open keystore as a :class:`Signer`."""

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


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account spent on a chain through this sender."""

    transactions: int = 0
    gas_used: int = 0


class TransactionSender:
    """Sends calls from one account on one chain. Threads may share it; processes too, if they share ``lock``.

    Args:
        chain: where to. signer: whose key.
        timeout: seconds until a transaction must be mined. margin: share of the gas estimate added to it.
        lock: held from taking a nonce to broadcasting; give one that processes share where several use the account.
    """

    def __init__(
        self,
        chain: ChainPort,
        signer: Signer,
        *,
        timeout: float = 120.0,
        margin: float = 0.25,
        poll: float = _POLL,
        lock: AbstractContextManager[object] | None = None,
    ) -> None:
        self.chain = chain
        self._signer = signer
        self._timeout = timeout
        self._margin = margin
        self._poll = poll
        self._lock = lock or threading.RLock()
        self._state = threading.Lock()
        self._in_flight: set[int] = set()  # nonces; not every node counts waiting transactions
        self._usage = Usage()

    @property
    def address(self) -> Address:
        return self._signer.address

    @property
    def usage(self) -> Usage:
        """Mined transactions and their gas, refused ones included."""
        return self._usage

    def send(self, call: Call, *, before_broadcast: Callable[[Signed], None] | None = None) -> Receipt:
        """Make ``call`` a transaction and wait until it is mined.

        Args:
            before_broadcast: told of the signed transaction before the network is; may store it.

        Raises:
            TransactionReverted: the contract refuses; nothing was sent if that showed beforehand.
            ChainError: the node is down, refuses the transaction, did not mine it in time, or the account is too poor.
        """
        with self._lock:
            signed = self._sent(call, before_broadcast)
        return self.wait(signed, call)

    def _sent(self, call: Call, before_broadcast: Callable[[Signed], None] | None) -> Signed:
        """Another process of the account may have taken the nonce, where a node does not count waiting transactions."""
        for attempt in range(1, _ATTEMPTS + 1):
            signed = self._prepare(call)
            if before_broadcast is not None:
                before_broadcast(signed)
            try:
                self.broadcast(signed)
            except NonceTaken:
                if attempt == _ATTEMPTS:
                    raise
                time.sleep(max(self._poll, 0.5))
            else:
                break
        return signed

    def prepare(self, call: Call) -> Signed:
        """Price and sign without sending. The nonce is free until somebody broadcasts with it."""
        with self._lock:
            return self._prepare(call)

    def broadcast(self, signed: Signed) -> None:
        """Give a signed transaction to the network; doing it again does nothing more.

        Raises:
            ChainError: the node refuses it, or its nonce was used by another transaction.
        """
        try:
            self.chain.send_raw(signed.raw)
        except RpcRefused as error:
            self._refuse_poor(signed.name, error)
            self._accept_known(signed, error)
        with self._state:
            self._in_flight.add(signed.nonce)

    def _accept_known(self, signed: Signed, error: RpcRefused) -> None:
        """A refusal that only says that the transaction is there already is none."""
        words = error.rpc_message.lower()
        if any(known in words for known in _KNOWN):
            return
        if any(taken in words for taken in _NONCE_TAKEN):
            if self._is_known(signed.hash):
                return
            raise NonceTaken(
                f"{signed.name}: nonce {signed.nonce} of {self.address} was used by another transaction",
                mend="let one process alone send from this account",
            ) from error
        data = revert_data(error.data)
        if data:
            raise reverted(signed.name, data) from error
        raise error

    def wait(self, signed: Signed, call: Call | None = None) -> Receipt:
        """The receipt, once mined.

        Raises:
            TransactionReverted: it was mined and refused; with ``call``, the reason is found by calling again.
            ChainError: not mined in time.
        """
        try:
            receipt = self._await_receipt(signed)
        finally:
            with self._state:
                self._in_flight.discard(signed.nonce)
        with self._state:
            self._usage = Usage(self._usage.transactions + 1, self._usage.gas_used + receipt.gas_used)
        if not receipt.succeeded:
            raise reverted(signed.name, self._reason(call, receipt))
        return receipt

    def _await_receipt(self, signed: Signed) -> Receipt:
        deadline = time.monotonic() + self._timeout
        while (receipt := self.chain.receipt(signed.hash)) is None:
            if time.monotonic() >= deadline:
                raise ChainError(
                    f"{signed.name} ({signed.hash}) was not mined within {self._timeout:g} s",
                    mend="check that the chain makes blocks, and look the transaction up before sending again",
                )
            time.sleep(self._poll)
        return receipt

    def _prepare(self, call: Call) -> Signed:
        if call.chain_id != self.chain.chain_id:
            raise ConfigurationError(f"{call.name} belongs to chain {call.chain_id}, not {self.chain.chain_id}")
        fees = fees_for(self.chain)
        gas = self._estimate(call)
        with self._state:
            in_flight = max(self._in_flight, default=-1)
        nonce = max(in_flight + 1, self.chain.transaction_count(self.address))
        raw = self._signer.sign_transaction(_transaction(call, nonce, gas, fees))
        return Signed(call.name, call.chain_id, nonce, raw)

    def _estimate(self, call: Call) -> int:
        query = {"from": self.address, "to": call.to, "data": "0x" + call.data.hex(), "value": hex(call.value)}
        try:
            return int(self.chain.estimate_gas(query) * (1 + self._margin)) + 5_000
        except RpcRefused as error:
            self._refuse_poor(call.name, error)
            data = revert_data(error.data, error.rpc_message)
            if data is None:
                raise
            raise reverted(call.name, data) from error

    def _refuse_poor(self, name: str, error: RpcRefused) -> None:
        """A refusal for want of money says whose, where, and what to do about it."""
        if any(poor in error.rpc_message.lower() for poor in _POOR):
            raise ChainError(
                f"{self.address} has {self.chain.balance(self.address) / _ETHER:g} ether on chain"
                f" {self.chain.chain_id}, too little for {name}",
                mend=f"send it some: `loranchor consortium fund --to {self.address} --ether 1`",
            ) from error

    def _reason(self, call: Call | None, receipt: Receipt) -> bytes:
        if call is None:
            return b""
        try:
            self.chain.call(call.to, call.data, sender=self.address, block=receipt.block)
        except RpcRefused as error:
            return revert_data(error.data, error.rpc_message) or b""
        return b""

    def _is_known(self, hash_: Digest) -> bool:
        if self.chain.receipt(hash_) is not None:
            return True
        try:
            return bool(self.chain.transactions([hash_]))
        except ChainError:
            return False


def _transaction(call: Call, nonce: int, gas: int, fees: Fees) -> dict[str, Any]:
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
