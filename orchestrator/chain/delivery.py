"""Brings calls to a chain through an outbox: signed, stored, broadcast, and seen through until they are mined.

Whatever a node answers and wherever the process ends, an action's call is mined at most once, unless an earlier
transaction of it failed on the chain: a nonce is reserved by the stored entry and never given up for a refusal's words.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import groupby

from orchestrator.chain.action import next_ordinal
from orchestrator.chain.fees import FeePolicy, bumped, fees_for
from orchestrator.chain.outbox import Account, Entry, Outbox, Slot, Status
from orchestrator.chain.port import Receipt
from orchestrator.chain.proxy import Call
from orchestrator.chain.signers import Signed, unsigned
from orchestrator.chain.submission import NonceTaken, Submission, TooCheap
from orchestrator.errors import ChainError
from orchestrator.types import Digest

_log = logging.getLogger(__name__)

_FEES = ("maxFeePerGas", "maxPriorityFeePerGas", "gasPrice")
IN_FLIGHT = 16
"""Transactions of an account that may wait at once, those that this home does not know included."""
LOOK_EVERY = 5
"""Polls for a receipt between two looks at whether to do something about it."""
PLAIN_GAS = 21_000
"""Gas of a transaction that carries nothing."""
DISPLACED_SECONDS = 600.0
"""How long a node must keep saying that a nonce went to another transaction until it is believed."""


@dataclass
class _Watch:
    """What one process remembers of a transaction's nonce; losing it costs nothing but patience."""

    last_sent: float = 0.0
    look_at: float = 0.0
    block: int | None = None
    taken_since: float | None = None
    cheap: bool = False
    capped: bool = False


@dataclass
class Delivery:
    """Delivers the calls of one account on one chain.

    Attributes:
        node: signs and hands over. lock: held from taking a nonce to broadcasting.
        timeout: seconds until a transaction must be mined. poll: seconds between two looks.
        clock: seconds that only go forward. sleep: lets some of them pass.
    """

    node: Submission
    outbox: Outbox
    policy: FeePolicy
    lock: AbstractContextManager[object]
    timeout: float
    poll: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _watches: dict[int, _Watch] = field(default_factory=dict)
    _bound: bool = False
    _ganache: bool = False

    def deliver(
        self, call: Call, action: str | None, before_broadcast: Callable[[Signed], None] | None = None
    ) -> Receipt:
        """The receipt of the call's transaction, which may say that the contract refused it.

        Args:
            action: the one under way. None: the call stands for itself, and is kept only until it is mined.
            before_broadcast: told of a new transaction before it is stored.

        Raises:
            TransactionReverted: the contract refuses; nothing was sent.
            ChainError: the node is down, refuses, or did not mine it in time; the transaction stays in the outbox.
            DiskError: the outbox cannot be written; nothing was sent.
        """
        self._bind()
        ordinal = 0 if action is None else next_ordinal(call.chain_id, call.name)
        slot = Slot(action or f"once/{uuid.uuid4().hex}", call.name, ordinal)
        with self.lock:
            standing = self._standing(slot)
            if standing and (found := self._mined(standing)) is not None and found.succeeded:
                return found
            self._refill()
            if not standing:
                standing = (self._made(slot, call, before_broadcast),)
            self._hand_over(standing[-1])
        receipt = self._awaited(slot)
        if action is None:
            self.outbox.forget(self._account, slot)
        return receipt

    # -- what stands

    def _bind(self) -> None:
        if not self._bound:
            chain = self.node.chain
            first, again = self._began(), self._began()
            if first != again:
                raise ChainError(f"the node of chain {chain.chain_id} gives two hashes for block 0")
            self.outbox.bind(chain.chain_id, first)
            self._ganache = "ganache" in chain.client().lower()
            self._bound = True

    def _began(self) -> Digest:
        """Hash of block 0, as block 1 names it: an Anvil that comes back with its state shows another block 0."""
        chain = self.node.chain
        return chain.block(1).parent_hash if chain.block_number() else chain.block(0).hash

    @property
    def _account(self) -> Account:
        return Account(self.node.chain.chain_id, self.node.address)

    def _standing(self, slot: Slot) -> tuple[Entry, ...]:
        """The slot's newest attempt, while it can still be mined or was mined well; empty where a new one is due."""
        entries = self.outbox.newest(self._account, slot)
        if not entries:
            return ()
        receipt = self._mined(entries)
        if receipt is not None:
            return entries if receipt.succeeded else ()
        return () if entries[-1].status is Status.DISPLACED else entries

    def _mined(self, entries: Sequence[Entry]) -> Receipt | None:
        """The receipt of whichever of an attempt's transactions was mined, noted in the outbox."""
        for entry in reversed(entries):
            receipt = self.node.chain.receipt(entry.hash)
            if receipt is not None:
                if not receipt.succeeded:
                    self._check_failure(entry, receipt)
                status = Status.MINED if receipt.succeeded else Status.FAILED
                if entry.status is not status:
                    self.outbox.settle(entry.hash, status)
                self._watches.pop(entry.nonce, None)  # should it vanish from the chain, it is sent again at once
                return receipt
        return None

    def _check_failure(self, entry: Entry, receipt: Receipt) -> None:
        """A failure makes room for another transaction, so it must agree with what else the node says."""
        chain = self.node.chain
        if chain.block(receipt.block).hash != receipt.block_hash or chain.mined_count(self.node.address) <= entry.nonce:
            raise ChainError(f"the node says that {entry.hash} failed, and contradicts itself", mend="ask it again")

    # -- new ones

    def _made(self, slot: Slot, call: Call, before_broadcast: Callable[[Signed], None] | None) -> Entry:
        """Price, sign and store the next attempt; from here on its nonce is taken."""
        fields = self.node.priced(call, self._free_nonce)
        signed = self.node.signed(call.name, fields)
        if before_broadcast is not None:
            before_broadcast(signed)
        former = self.outbox.newest(self._account, slot)
        entry = Entry(slot, former[-1].attempt + 1 if former else 0, signed.nonce, signed.hash, signed.raw, fields)
        self.outbox.add(self._account, entry)
        return entry

    def _free_nonce(self) -> int:
        """The first that neither the node nor the outbox knows of.

        Raises:
            ChainError: more transactions wait than may.
        """
        chain, address = self.node.chain, self.node.address
        mined = chain.mined_count(address)
        count = min(chain.transaction_count(address) for _ in range(2))  # one that is too high would leave a gap
        taken = {entry.nonce for entry in self.outbox.since(self._account, count)}
        nonce = next(number for number in range(count, count + len(taken) + 1) if number not in taken)
        if nonce >= mined + IN_FLIGHT:
            raise ChainError(
                f"{nonce - mined} transactions of {address} wait on chain {self._account.chain_id}",
                mend="check that the chain makes blocks, and that nobody else sends from this account",
            )
        return nonce

    def _refill(self) -> None:
        """Broadcast again what the chain does not hold, though it was stored: a later nonce would wait for it for ever.

        So it is after a crash before the broadcast, and after a reorganisation or a development chain that came back
        with an older state.
        """
        mined = self.node.chain.mined_count(self.node.address)
        entries = self.outbox.since(self._account, mined)
        for nonce, same in groupby([*self._fillers(mined, entries), *entries], key=lambda entry: entry.nonce):
            alike = list(same)
            if self._mined(alike) is None:
                try:
                    self._hand_over(self._likeliest(alike))
                except ChainError as error:
                    _log.info("%s with nonce %s waits: %s", alike[-1].slot.call, nonce, error)

    def _fillers(self, mined: int, entries: Sequence[Entry]) -> list[Entry]:
        """Transactions of nothing for nonces that nobody has: a node counted too many, and a later one was taken."""
        known = {entry.nonce for entry in entries}
        missing = set(range(mined, max(known, default=mined))) - known
        if not missing:
            return []
        count = self.node.chain.transaction_count(self.node.address)
        fillers = [self._filler(nonce) for nonce in sorted(missing)[:IN_FLIGHT] if nonce >= count]
        for filler in fillers:
            self.outbox.add(self._account, filler)
        return fillers

    def _filler(self, nonce: int) -> Entry:
        call = Call("nothing", self.node.chain.chain_id, self.node.address, b"", "anyone")
        fields = unsigned(call, nonce, PLAIN_GAS, fees_for(self.node.chain, self.policy.cap))
        signed = self.node.signed(call.name, fields)
        return Entry(Slot(f"fill/{nonce}", call.name), 0, nonce, signed.hash, signed.raw, fields)

    @staticmethod
    def _likeliest(alike: Sequence[Entry]) -> Entry:
        """Of those with one nonce, the one that was mined before; else the newest."""
        done = [entry for entry in alike if entry.status in (Status.MINED, Status.FAILED)]
        return (done or alike)[-1]

    # -- seeing them through

    def _hand_over(self, entry: Entry) -> None:
        """Broadcast, unless that was done a moment ago. Refusals for nonce or price are seen to while waiting."""
        watch = self._watches.setdefault(entry.nonce, _Watch())
        now = self.clock()
        if watch.last_sent and now - watch.last_sent < self.policy.resend_seconds:
            return
        if self._every_time_anew(entry) and self.node.is_known(entry.hash):
            watch.last_sent = now
            return
        try:
            self.node.hand_over(entry.slot.call, entry.nonce, entry.raw)
            watch.taken_since = None
        except NonceTaken:
            watch.taken_since = watch.taken_since or now
        except TooCheap:
            watch.cheap = True
        watch.last_sent = now

    def _every_time_anew(self, entry: Entry) -> bool:
        """Whether the node mines it once more each time it gets it: Ganache takes nonce 0 for none."""
        return self._ganache and entry.nonce == 0

    def _awaited(self, slot: Slot) -> Receipt:
        deadline = self.clock() + self.timeout
        while True:
            entries = self.outbox.newest(self._account, slot)
            receipt = self._mined(entries)
            if receipt is not None:
                return receipt
            if self.clock() >= deadline:
                raise ChainError(
                    f"{slot.call} ({entries[-1].hash}) was not mined within {self.timeout:g} s",
                    mend="check that the chain makes blocks; it is waited for, not sent anew, when this is tried again",
                )
            self._nudge(entries)
            self.sleep(self.poll)

    def _nudge(self, entries: Sequence[Entry]) -> None:
        """Send again what may have been dropped, and offer more where blocks go by without it."""
        entry = entries[-1]
        watch = self._watches.setdefault(entry.nonce, _Watch())
        if self.clock() < watch.look_at and not watch.cheap:
            return
        watch.look_at = self.clock() + LOOK_EVERY * self.poll
        if self.clock() - watch.last_sent >= self.policy.resend_seconds:
            with self.lock:
                self._refill()
        self._give_up_if_displaced(entry, watch)
        block = self.node.chain.block_number()
        if watch.block is None or block < watch.block:
            watch.block = block
        if watch.cheap or block - watch.block >= self.policy.bump_blocks:
            watch.block, watch.cheap = block, False
            next_one = self.node.chain.mined_count(self.node.address)
            if next_one == entry.nonce and not self._every_time_anew(entry):  # else another one is in its way
                self._bump(entry, watch)

    def _give_up_if_displaced(self, entry: Entry, watch: _Watch) -> None:
        """Believe that somebody else used the nonce only where the node keeps to it for long.

        Raises:
            NonceTaken: it did; the next try makes a new attempt.
        """
        if watch.taken_since is None:
            return
        if self.node.chain.mined_count(self.node.address) <= entry.nonce:
            watch.taken_since = None
            watch.last_sent = min(watch.last_sent, self.clock() - self.policy.resend_seconds + 1.0)  # again, and soon
        elif self.clock() - watch.taken_since >= DISPLACED_SECONDS:
            self.outbox.settle(entry.hash, Status.DISPLACED)
            raise NonceTaken(
                f"{entry.slot.call}: nonce {entry.nonce} of {self.node.address} was used by another transaction",
                mend="let this home alone send from this account",
            )

    def _bump(self, entry: Entry, watch: _Watch) -> None:
        """Sign again with the same nonce at a higher price, store it, broadcast it."""
        fresh = fees_for(self.node.chain, self.policy.cap)
        offered = {name: value for name, value in entry.fields.items() if name in _FEES}
        fees = bumped(offered, fresh, self.policy)
        if fees is None:
            if not watch.capped and offered.get("gasPrice") != 0:
                _log.warning("%s waits at the highest price that the settings allow", entry.slot.call)
            watch.capped = True
            return
        fields = {**entry.fields, **fees.fields}
        signed = self.node.signed(entry.slot.call, fields)
        with self.lock:
            dearer = Entry(entry.slot, entry.attempt, entry.nonce, signed.hash, signed.raw, fields)
            self.outbox.add(self._account, dearer)
            watch.last_sent = 0.0
            self._hand_over(dearer)
        _log.info("%s offers %s wei for gas now", entry.slot.call, max(fees.fields.values()))
