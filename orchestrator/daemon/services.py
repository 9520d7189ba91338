"""Everything a daemon's effects may touch, made once when it starts."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.chain.contracts import PrivateContracts, PublicContracts
from orchestrator.chain.sender import TransactionSender
from orchestrator.chain.structs import Verification
from orchestrator.daemon.figures import Figures
from orchestrator.daemon.history import History
from orchestrator.daemon.journal import Journal
from orchestrator.daemon.workbench import Judgement, OpenDelta, Workbench
from orchestrator.envelope import Commitments, Context, open_payload
from orchestrator.errors import FormatError
from orchestrator.keystore import Keystore
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import LedgerState, Round, Update
from orchestrator.ledger.task import TaskSpec
from orchestrator.storage.store import ObjectStore
from orchestrator.types import Cid, Digest, OrganisationId, ProtectedDelta, RequestId, UpdateId

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
class Services:
    """Adapters of one organisation's daemon.

    Attributes:
        store: the organisation's own IPFS node.
        lock: held while keystore or store are used, since the heavy lane opens deltas too.
    """

    me: OrganisationId
    home: Path
    keystore: Keystore
    store: ObjectStore
    private: PrivateContracts
    public: PublicContracts
    private_sender: TransactionSender
    public_sender: TransactionSender
    bench: Workbench
    journal: Journal
    figures: Figures
    history: History = field(default_factory=History)
    desk: Desk = field(default_factory=Desk)
    tasks: dict[Digest, TaskSpec] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

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

    def open_delta(self, ledger: LedgerState, update_id: UpdateId) -> bytes:
        """Fetch a contribution from the own node, decrypt it with the kept content key, and check it.

        Raises:
            ContentKeyDestroyed: it was shredded. KeystoreError: its key was never received.
            StorageError, EnvelopeError: the object is missing or not the recorded one.
        """
        update = ledger.updates[update_id]
        with self.lock:
            key = self.keystore.content_key(update_id)
            header = self.store.fetch(update.header_cid, limit=OBJECT_LIMIT)
            payload = self.store.fetch(update.payload_cid, limit=PAYLOAD_LIMIT)
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
    """The objects of a released update."""
    return (update.payload_cid, update.header_cid)
