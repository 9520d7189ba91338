"""Everything a daemon's effects may touch, made once when it starts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from orchestrator.chain.structs import Verification
from orchestrator.daemon.access import Access
from orchestrator.daemon.figures import Figures
from orchestrator.daemon.history import History
from orchestrator.daemon.journal import Journal
from orchestrator.daemon.workbench import Judgement, OpenDelta, Workbench
from orchestrator.envelope import Commitments, Context, open_payload
from orchestrator.errors import FormatError, ProtocolError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import LedgerState, Round, Update
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Cid, Digest, ProtectedDelta, RequestId, UpdateId

OBJECT_LIMIT = 1 << 20
"""Most bytes of a task, agreement, header or certificate."""
PAYLOAD_LIMIT = 1 << 32
"""Most bytes of a sealed update."""


@dataclass
class Desk:
    """Results of heavy effects that later effects use; lost when the process ends, and then computed again."""

    trained: dict[int, ProtectedDelta] = field(default_factory=dict)
    refused: dict[int, dict[UpdateId, str]] = field(default_factory=dict)
    judged: dict[int, Mapping[UpdateId, Judgement]] = field(default_factory=dict)
    measured: dict[RequestId, Verification] = field(default_factory=dict)


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

    def context_of(self, update: Update) -> Context:
        """Where a sealed update belongs."""
        ledger = self.private.rounds.address
        return Context(self.private.rounds.chain.chain_id, ledger, update.round, update.organisation)

    def sealed_objects(self, update: Update) -> tuple[bytes, bytes]:
        """Header and payload of a released update, from the own node or its peers."""
        header_cid, payload_cid = stored_cids(update)
        header = self.store.fetch(header_cid, limit=OBJECT_LIMIT)
        return header, self.store.fetch(payload_cid, limit=PAYLOAD_LIMIT)

    def open_delta(self, ledger: LedgerState, update_id: UpdateId) -> bytes:
        """Fetch a contribution from the own node, decrypt it with the kept content key, and check it.

        Raises:
            ContentKeyDestroyed: it was shredded. KeystoreError: its key was never received.
            StorageError, EnvelopeError: the object is missing or not the recorded one.
        """
        update = ledger.updates[update_id]
        with self.lock:
            key = self.keystore.content_key(update_id)
            header, payload = self.sealed_objects(update)
        commitments = commitments_of(update)
        return open_payload(header, payload, key, context=self.context_of(update), commitments=commitments).delta

    def opener(self, ledger: LedgerState) -> OpenDelta:
        """:meth:`open_delta` over one state of the ledger, for the workbench."""
        return lambda update_id: self.open_delta(ledger, update_id)

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


def commitments_of(update: Update) -> Commitments:
    """What the chain recorded of an update before it was released."""
    return Commitments(update.ciphertext_digest, update.header_digest, update.content_commitment)


def leaf_salt() -> Digest:
    """A fresh salt for a record that this node writes."""
    return Digest("0x" + secrets.token_hex(32))


def stored_cids(update: Update) -> tuple[Cid, ...]:
    """Header and payload of a released update.

    Raises:
        ProtocolError: it was not released.
    """
    if not update.header_cid or not update.payload_cid:
        raise ProtocolError(f"update {update.id} was not released")
    return (update.header_cid, update.payload_cid)
