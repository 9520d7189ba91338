"""Everything a daemon's effects may touch, made once when it starts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from orchestrator.chain.structs import Verification
from orchestrator.compaction.opening import opener_of
from orchestrator.daemon.access import Access
from orchestrator.daemon.figures import Figures
from orchestrator.daemon.history import History
from orchestrator.daemon.journal import Journal
from orchestrator.daemon.opening import OBJECT_LIMIT
from orchestrator.daemon.workbench import Judgement, OpenDelta, Workbench
from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import LedgerState, Round
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Digest, ProtectedDelta, RequestId, UpdateId


@dataclass
class Desk:
    """Results of heavy effects that later effects use; lost when the process ends, and then computed again."""

    trained: dict[int, ProtectedDelta] = field(default_factory=dict)
    refused: dict[int, dict[UpdateId, str]] = field(default_factory=dict)
    judged: dict[int, Mapping[UpdateId, Judgement]] = field(default_factory=dict)
    measured: dict[RequestId, Verification] = field(default_factory=dict)

    def clear(self, round_number: int) -> None:
        """Drop what a round has left: a delta that was not submitted is plaintext."""
        for of_round in (self.trained, self.refused, self.judged):
            of_round.pop(round_number, None)


@dataclass
class Services(Access):
    """An organisation's access, and what its daemon keeps between effects."""

    bench: Workbench = field(kw_only=True)
    journal: Journal = field(kw_only=True)
    figures: Figures = field(kw_only=True)
    history: History = field(default_factory=History)
    desk: Desk = field(default_factory=Desk)
    tasks: dict[Digest, TaskSpec] = field(default_factory=dict)

    @classmethod
    def of(cls, access: Access, bench: Workbench) -> Services:
        """The daemon's services on top of an access."""
        own = {item.name: getattr(access, item.name) for item in fields(Access)}
        journal, figures = Journal(access.home / "journal.jsonl"), Figures(access.home)
        return cls(**own, bench=bench, journal=journal, figures=figures)

    def task_of(self, found: Round) -> TaskSpec:
        """The task of a round, from IPFS the first time.

        Raises:
            FormatError: the object is not the one whose digest the round names, or not a task.
            StorageError: no node has it.
        """
        digest = found.opening.task_digest
        if digest not in self.tasks:
            with self.lock:
                data = self.store.fetch(found.opening.task_cid, limit=OBJECT_LIMIT)
            if sha256(data) != digest:
                raise FormatError(f"object {found.opening.task_cid} is not the task {digest} of round {found.id}")
            self.tasks[digest] = TaskSpec.from_bytes(data)
        return self.tasks[digest]

    def opener(self, ledger: LedgerState) -> OpenDelta:
        """Gives the plaintext of contributions of one state of the ledger, for the workbench."""
        return opener_of(self, ledger)

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


def leaf_salt() -> Digest:
    """A fresh salt for a record that this node writes."""
    return Digest("0x" + secrets.token_hex(32))
