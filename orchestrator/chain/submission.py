"""One account's business with a node: gas, signing, handing a transaction over, and what the node's refusals mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eth_utils.crypto import keccak

from orchestrator.chain.fees import fees_for
from orchestrator.chain.port import ChainPort, Receipt, RpcRefused
from orchestrator.chain.proxy import Call
from orchestrator.chain.reverts import revert_data, reverted
from orchestrator.chain.signers import Signed, Signer, unsigned
from orchestrator.errors import ChainError, ConfigurationError
from orchestrator.types import Address, Digest

_KNOWN = ("already known", "alreadyknown", "known transaction", "already imported")
_NONCE_TAKEN = ("nonce too low", "nonce is too low", "correct nonce", "nonce has already been used", "underpriced")
_CHEAP = ("less than block base fee", "fee cap less than", "fee too low", "gas price below", "feecap too low")
_POOR = ("insufficient funds", "exceeds account balance", "exceeds transaction sender account balance")
_ETHER = 10**18


class NonceTaken(ChainError):
    """Another transaction of the account has the nonce, as the node says; this one was not accepted."""


class TooCheap(ChainError):
    """The node does not even keep a transaction that offers so little; it must offer more."""


class Submission:
    """Makes transactions of calls for one account, and gives them to the node.

    Args:
        margin: share of the gas estimate added to it. cap: wei that a unit of gas may cost at most.
    """

    def __init__(self, chain: ChainPort, signer: Signer, *, margin: float, cap: int | None) -> None:
        self.chain = chain
        self._signer = signer
        self._margin = margin
        self._cap = cap

    @property
    def address(self) -> Address:
        return self._signer.address

    def priced(self, call: Call, nonce: Callable[[], int]) -> dict[str, Any]:
        """The unsigned transaction of a call, once the contract has been seen to accept it.

        Args:
            nonce: asked last.

        Raises:
            TransactionReverted: the contract refuses. ChainError: the node is down, or the account too poor.
        """
        if call.chain_id != self.chain.chain_id:
            raise ConfigurationError(f"{call.name} belongs to chain {call.chain_id}, not {self.chain.chain_id}")
        fees = fees_for(self.chain, self._cap)
        gas = self._estimate(call)
        return unsigned(call, nonce(), gas, fees)

    def signed(self, name: str, fields: Mapping[str, Any]) -> Signed:
        return Signed(name, fields["chainId"], fields["nonce"], self._signer.sign_transaction(fields))

    def hand_over(self, name: str, nonce: int, raw: bytes, known: Callable[[], bool] | None = None) -> None:
        """Give a signed transaction to the node; doing it again does nothing more.

        Args:
            known: asked where the node says that the nonce is gone: whether it has this transaction after all.

        Raises:
            NonceTaken: its nonce was used by another transaction. TooCheap: it offers too little for gas.
            ChainError: the node refuses it otherwise, or is down.
        """
        try:
            self.chain.send_raw(raw)
        except RpcRefused as error:
            self._refuse_poor(name, error)
            words = error.rpc_message.lower()
            if any(word in words for word in _KNOWN):
                return
            if any(word in words for word in _NONCE_TAKEN):
                if (known or (lambda: self.is_known(Digest("0x" + keccak(raw).hex()))))():
                    return
                raise NonceTaken(
                    f"{name}: nonce {nonce} of {self.address} was used by another transaction",
                    mend="let one process alone send from this account",
                ) from error
            if any(word in words for word in _CHEAP):
                raise TooCheap(f"{name} offers too little for gas: {error.rpc_message}", mend="wait") from error
            data = revert_data(error.data)
            if data:
                raise reverted(name, data) from error
            raise

    def is_known(self, hash_: Digest) -> bool:
        """Whether the node has it, mined or waiting."""
        if self.chain.receipt(hash_) is not None:
            return True
        try:
            return bool(self.chain.transactions([hash_]))
        except ChainError:
            return False

    def reason(self, call: Call | None, receipt: Receipt) -> bytes:
        """The revert data of a mined transaction, by calling again; empty where that does not tell."""
        if call is None:
            return b""
        try:
            self.chain.call(call.to, call.data, sender=self.address, block=receipt.block)
        except RpcRefused as error:
            return revert_data(error.data, error.rpc_message) or b""
        return b""

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
