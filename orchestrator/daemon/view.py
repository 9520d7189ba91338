"""The ledger as one organisation's own connection shows it now: for verbs that look once and end."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.chain.contracts import PrivateContracts
from orchestrator.chain.reader import read_records
from orchestrator.daemon.opening import OBJECT_LIMIT
from orchestrator.errors import FormatError, StorageError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.contributions import contributing_rounds
from orchestrator.ledger.entities import LedgerState, Round, RoundStatus
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.view import Ledger
from orchestrator.storage.store import ObjectReader
from orchestrator.types import Digest


@dataclass(frozen=True)
class Look:
    """The private chain up to ``block``."""

    ledger: Ledger
    block: int

    @property
    def state(self) -> LedgerState:
        return self.ledger.state


def look(private: PrivateContracts, *, block: int | None = None) -> Look:
    """Read all records from the deployment to the newest final block.

    Args:
        block: read up to this one instead, as where an own transaction was just mined.

    Raises:
        ChainError: the node is down. ProtocolError: what it tells contradicts itself.
    """
    chain = private.rounds.chain
    head = chain.block_number() - chain.finality_depth if block is None else block
    return Look(Ledger(read_records(chain, private, private.deployment.first_block, head)), head)


def tasks_of(state: LedgerState, store: ObjectReader) -> dict[Digest, TaskSpec]:
    """Tasks of the rounds that did not fail, from IPFS, checked against their digests.

    One that no contribution was made under may be missing: any member can open a round under a task nobody can read.
    """
    tasks: dict[Digest, TaskSpec] = {}
    needed = {found.id for found in contributing_rounds(state)}
    for found in state.rounds.values():
        if found.status is RoundStatus.FAILED or found.opening.task_digest in tasks:
            continue
        try:
            tasks[found.opening.task_digest] = _task(found, store)
        except (StorageError, FormatError):
            if found.id in needed:
                raise
    return tasks


def _task(found: Round, store: ObjectReader) -> TaskSpec:
    opening = found.opening
    data = store.fetch(opening.task_cid, limit=OBJECT_LIMIT)
    if sha256(data) != opening.task_digest:
        raise FormatError(f"object {opening.task_cid} is not the task {opening.task_digest} of round {found.id}")
    return TaskSpec.from_bytes(data)
