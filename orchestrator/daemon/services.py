"""Everything a daemon's effects may touch, made once when it starts."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field, fields

from orchestrator.chain.contracts import PrivateContracts, PublicContracts
from orchestrator.chain.port import Receipt
from orchestrator.chain.proxy import Call
from orchestrator.compaction.opening import opener_of
from orchestrator.daemon.access import Access
from orchestrator.daemon.alarms import PRIVATE_CHAIN_REWRITTEN
from orchestrator.daemon.figures import Figures
from orchestrator.daemon.history import History
from orchestrator.daemon.journal import Journal
from orchestrator.daemon.opening import OBJECT_LIMIT, waiting_for_keys
from orchestrator.daemon.results import Results
from orchestrator.daemon.workbench import Numbers, OpenDelta, Workbench
from orchestrator.errors import ChainRewritten, FormatError
from orchestrator.ledger.canonical import digest, sha256
from orchestrator.ledger.entities import LedgerState, Round
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Cid, Digest, ProtectedDelta

_ASK_AGAIN = 0.5
"""Seconds after which a computation that has not heeded a call to stop is told again."""


@dataclass
class Services(Access):
    """An organisation's access, and what its daemon keeps between effects.

    Attributes:
        desk: trained deltas that the disk or IPFS did not take yet, by round; plaintext, so never written.
        numbers: the same of masked rounds, from the training until they are masked.
        unpinned: objects of tasks that were fetched and are not kept on the own node.
        absent: when to ask again for tasks that were nowhere, in seconds that only go forward.
        model: held by whoever uses the workbench, which serves one thread at a time.
    """

    bench: Workbench = field(kw_only=True)
    journal: Journal = field(kw_only=True)
    figures: Figures = field(kw_only=True)
    results: Results = field(kw_only=True)
    history: History = field(default_factory=History)
    desk: dict[str, ProtectedDelta] = field(default_factory=dict)
    numbers: dict[str, Numbers] = field(default_factory=dict)
    tasks: dict[Digest, TaskSpec] = field(default_factory=dict)
    unpinned: dict[Digest, Cid] = field(default_factory=dict)
    absent: dict[Digest, float] = field(default_factory=dict)
    model: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, access: Access, bench: Workbench) -> Services:
        """The daemon's services on top of an access.

        Raises:
            ChainError: the private chain does not answer. DiskError: the journal cannot be opened.
        """
        own = {item.name: getattr(access, item.name) for item in fields(Access)}
        journal = Journal(access.home, scope_of(access.private, access.public))
        return cls(**own, bench=bench, journal=journal, figures=Figures(access.home), results=Results(journal))

    def task_of(self, found: Round, *, keep: bool = False) -> TaskSpec:
        """The task of a round, from IPFS the first time.

        Args:
            keep: pin it on the own node, since all that follows needs it: its opener may leave.

        Raises:
            FormatError: the object is not the one whose digest the round names, or not a task.
            StorageError: no node has it.
        """
        digest = found.opening.task_digest
        if digest not in self.tasks:
            data = self.store.fetch(found.opening.task_cid, limit=OBJECT_LIMIT)
            if sha256(data) != digest:
                raise FormatError(f"object {found.opening.task_cid} is not the task {digest} of round {found.id}")
            self.tasks[digest] = TaskSpec.from_bytes(data)
            self.unpinned[digest] = found.opening.task_cid
        if keep and digest in self.unpinned:
            self.store.pin(self.unpinned[digest])
            self.unpinned.pop(digest, None)
        return self.tasks[digest]

    def opener(self, ledger: LedgerState) -> OpenDelta:
        """Gives the plaintext of contributions of one state of the ledger, for the workbench."""
        return waiting_for_keys(opener_of(self, ledger))

    def check_signing(self) -> None:
        """Nothing is signed or sent while the private chain is not the one that this node has signed.

        Raises:
            ChainRewritten: so says an alarm that the operator has not cleared.
        """
        for alarm in self.journal.alarms():
            if alarm.name == PRIVATE_CHAIN_REWRITTEN:
                raise ChainRewritten(alarm.text)

    def send_private(self, call: Call) -> Receipt:
        """Send from the delegate on the private chain, if anything may be sent."""
        self.check_signing()
        return self.private_sender.send(call)

    def send_public(self, call: Call) -> Receipt:
        """Send from the delegate on the public chain, if anything may be sent."""
        self.check_signing()
        return self.public_sender.send(call)

    def forget(self) -> None:
        """Have the workbench drop what is in memory. What it computes now is stopped, and begun again later."""
        while not self.model.acquire(timeout=_ASK_AGAIN):
            self.bench.cancel()
        try:
            self.bench.forget()
        finally:
            self.model.release()

    def report_traffic(self) -> None:
        """Bring the counters of ``figures.json`` up to date."""
        self.figures.traffic(
            bytes_sent=self.store.bytes_sent,
            bytes_received=self.store.bytes_received,
            public=self.public_sender.usage.transactions,
            private=self.private_sender.usage.transactions,
            public_gas=self.public_sender.usage.gas_used,
            private_gas=self.private_sender.usage.gas_used,
        )


def scope_of(private: PrivateContracts, public: PublicContracts) -> Digest:
    """Names the pair of chains, by ids, addresses and the block from which the private one is read.

    A development chain that was thrown away and deployed again has the same ids and addresses, and another such block.
    """
    rounds, anchor = private.rounds, public.anchor
    return digest(
        {
            "private": [rounds.chain.chain_id, rounds.address],
            "public": [anchor.chain.chain_id, anchor.address],
            "since": rounds.chain.block(private.deployment.first_block).hash,
        }
    )


def leaf_salt() -> Digest:
    """A fresh salt for a record that this node writes."""
    return Digest("0x" + secrets.token_hex(32))
