"""Figures that only a chain can tell, asked for now and then by a thread of their own, so that no page waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from orchestrator.chain.outbox import Account, Outbox, Status
from orchestrator.chain.port import ChainPort
from orchestrator.errors import ChainError, DiskError
from orchestrator.types import Address, Digest

_log = logging.getLogger(__name__)

PERIOD = 30.0
"""Seconds between two looks."""


@dataclass
class Samples:
    """What was found last, by chain; each mapping is replaced as a whole, so other threads may read it.

    Attributes:
        balances: wei of the delegate's account; a chain that does not answer is not in it.
        pending_since: when the oldest transaction that is not mined was first seen so, in seconds since 1970; None
            where there is none.
    """

    balances: Mapping[str, int] = field(default_factory=dict)
    pending_since: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Wallet:
    """The delegate's account on one chain, and what was signed for it."""

    chain: ChainPort
    address: Address
    outbox: Outbox | None = None


class Sampler:
    """Looks at each wallet every ``PERIOD`` seconds between :meth:`start` and :meth:`stop`."""

    def __init__(self, wallets: Mapping[str, Wallet], clock: Callable[[], float] = time.time) -> None:
        self.samples = Samples()
        self._wallets, self._clock = wallets, clock
        self._first: dict[str, dict[Digest, float]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="samples", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Look no more; a look under way ends by itself."""
        self._stop.set()

    def look(self) -> None:
        """Ask once; a chain that does not answer is left out until it does."""
        balances: dict[str, int] = {}
        pending: dict[str, float | None] = {}
        for name, wallet in self._wallets.items():
            try:
                balances[name] = wallet.chain.balance(wallet.address)
                pending[name] = self._oldest(name, wallet)
            except (ChainError, DiskError) as error:
                _log.debug("no figures of the %s chain: %s", name, error)
        self.samples.balances, self.samples.pending_since = balances, pending

    def _oldest(self, name: str, wallet: Wallet) -> float | None:
        if wallet.outbox is None:
            return None
        account = Account(wallet.chain.chain_id, wallet.address)
        entries = wallet.outbox.since(account, wallet.chain.mined_count(wallet.address))
        waiting = {entry.hash for entry in entries if entry.status is Status.PENDING}
        before, now = self._first.get(name, {}), self._clock()
        self._first[name] = {hash_: before.get(hash_, now) for hash_ in waiting}
        return min(self._first[name].values(), default=None)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look()
            self._stop.wait(PERIOD)
