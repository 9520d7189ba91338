"""The one owner of an account's nonce on a chain: prices, signs, broadcasts and waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from orchestrator.chain.action import current_action
from orchestrator.chain.delivery import Delivery
from orchestrator.chain.fees import FeePolicy
from orchestrator.chain.outbox import Outbox
from orchestrator.chain.port import ChainPort, Receipt
from orchestrator.chain.proxy import Call
from orchestrator.chain.reverts import reverted
from orchestrator.chain.signers import KeystoreSigner, Signed, Signer
from orchestrator.chain.submission import NonceTaken, Submission
from orchestrator.errors import ChainError
from orchestrator.types import Address

__all__ = ["KeystoreSigner", "NonceTaken", "Signed", "Signer", "TransactionSender", "Usage"]

_POLL = 0.2
_ATTEMPTS = 10


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
        outbox: keeps what was signed, so that an action sends once however often it is tried; by default the one of
            ``lock``, if that has one.
        fees: when and how far prices are raised; only what is in an outbox is sent again.
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
        outbox: Outbox | None = None,
        fees: FeePolicy | None = None,
    ) -> None:
        self.chain = chain
        self._signer = signer
        self._timeout = timeout
        self._poll = poll
        self._lock = lock or threading.RLock()
        self._state = threading.Lock()
        self._in_flight: set[int] = set()  # nonces; not every node counts waiting transactions
        self._usage = Usage()
        policy = fees or FeePolicy()
        self._node = Submission(chain, signer, margin=margin, cap=policy.cap)
        kept: Outbox | None = outbox or getattr(lock, "outbox", None)
        self._delivery = (
            None
            if kept is None
            else Delivery(self._node, kept, policy=policy, lock=self._lock, timeout=timeout, poll=poll)
        )

    @property
    def address(self) -> Address:
        return self._signer.address

    @property
    def usage(self) -> Usage:
        """Mined transactions and their gas, refused ones included."""
        return self._usage

    def send(self, call: Call, *, before_broadcast: Callable[[Signed], None] | None = None) -> Receipt:
        """Make ``call`` a transaction and wait until it is mined.

        With an outbox and under an action (:func:`orchestrator.chain.action.acting`), what the action sent before is
        found: mined, it is answered with its receipt; waiting, it is waited for; only where it failed on the chain, or
        its nonce went to another, is the call sent anew. Outside an action every call is sent, and kept until mined.

        Args:
            before_broadcast: told of the signed transaction before the network is; may store it.

        Raises:
            TransactionReverted: the contract refuses; nothing was sent if that showed beforehand.
            ChainError: the node is down, refuses the transaction, did not mine it in time, or the account is too poor.
            DiskError: the outbox cannot be written; nothing was sent.
        """
        if self._delivery is not None:
            return self._told(call.name, call, self._delivery.deliver(call, current_action(), before_broadcast))
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

    def _prepare(self, call: Call) -> Signed:
        return self._node.signed(call.name, self._node.priced(call, self._next_nonce))

    def _next_nonce(self) -> int:
        with self._state:
            in_flight = max(self._in_flight, default=-1)
        return max(in_flight + 1, self.chain.transaction_count(self.address))

    def broadcast(self, signed: Signed) -> None:
        """Give a signed transaction to the network; doing it again does nothing more.

        Raises:
            ChainError: the node refuses it, or its nonce was used by another transaction.
        """
        self._node.hand_over(signed.name, signed.nonce, signed.raw)
        with self._state:
            self._in_flight.add(signed.nonce)

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
        return self._told(signed.name, call, receipt)

    def _told(self, name: str, call: Call | None, receipt: Receipt) -> Receipt:
        with self._state:
            self._usage = Usage(self._usage.transactions + 1, self._usage.gas_used + receipt.gas_used)
        if not receipt.succeeded:
            raise reverted(name, self._node.reason(call, receipt))
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
