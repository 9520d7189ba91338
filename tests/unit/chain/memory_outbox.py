"""An outbox in memory: the fake behind the port, for tests that make many."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from orchestrator.chain.outbox import Account, Entry, Slot, Status
from orchestrator.errors import WrongChain
from orchestrator.types import Digest


@dataclass
class MemoryOutbox:
    chains: dict[int, Digest] = field(default_factory=dict)
    rows: dict[Digest, tuple[Account, Entry]] = field(default_factory=dict)

    def bind(self, chain_id: int, genesis: Digest) -> None:
        if self.chains.setdefault(chain_id, genesis) != genesis:
            raise WrongChain(f"chain {chain_id} began with another block")

    def newest(self, account: Account, slot: Slot) -> tuple[Entry, ...]:
        found = [entry for whose, entry in self.rows.values() if (whose, entry.slot) == (account, slot)]
        last = max((entry.attempt for entry in found), default=0)
        return tuple(entry for entry in found if entry.attempt == last)

    def since(self, account: Account, nonce: int) -> tuple[Entry, ...]:
        found = [entry for whose, entry in self.rows.values() if whose == account and entry.nonce >= nonce]
        return tuple(sorted(found, key=lambda entry: (entry.nonce, entry.attempt)))

    def add(self, account: Account, entry: Entry) -> None:
        self.rows.setdefault(entry.hash, (account, entry))

    def settle(self, hash_: Digest, status: Status) -> None:
        account, settled = self.rows[hash_]
        if status in (Status.MINED, Status.FAILED):
            for other in self.newest(account, settled.slot):
                if other.attempt == settled.attempt:
                    self.rows[other.hash] = (account, replace(other, status=Status.REPLACED))
        self.rows[hash_] = (account, replace(settled, status=status))

    def forget(self, account: Account, slot: Slot) -> None:
        self.rows = {key: row for key, row in self.rows.items() if (row[0], row[1].slot) != (account, slot)}
