"""The ledger as of a block: state, tree, manifest and the checkpoints that are due."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from orchestrator.errors import ProtocolError
from orchestrator.ledger.awards import Award, accounts_of, awards, awards_tree
from orchestrator.ledger.checkpoint import CheckpointContent, content_at
from orchestrator.ledger.contributions import Tasks, active_updates, contributing_rounds, task_of
from orchestrator.ledger.entities import Due, LedgerState, Reason, Round
from orchestrator.ledger.ids import round_of_subject
from orchestrator.ledger.manifest import Manifest, build_manifest, governing_task
from orchestrator.ledger.masked_rounds import course, is_masked, shared_awards
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.records import Record, records_tree
from orchestrator.ledger.state import EMPTY, apply, replay
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId


def up_to(records: Sequence[Record], block: int) -> Sequence[Record]:
    """The records of that block and of those before it."""
    return records[: bisect_right(records, block, key=lambda record: record.block)]


def state_at(records: Sequence[Record], block: int) -> LedgerState:
    """The state at the end of a block."""
    return replay(up_to(records, block))


def tree_at(records: Sequence[Record], block: int) -> MerkleTree:
    """The records tree at the end of a block."""
    return records_tree(up_to(records, block))


def manifest_at(records: Sequence[Record], block: int, tasks: Tasks) -> Manifest:
    """The manifest at the end of a block, by the task of the round closed last."""
    return manifest_of(state_at(records, block), tasks)


def manifest_of(state: LedgerState, tasks: Tasks) -> Manifest:
    """The manifest of a state, by the task of the round closed last."""
    task = governing_task(state, tasks)
    if task is None:
        raise ProtocolError("there is no manifest before the first round", mend="open a round first")
    return build_manifest(state, task, tasks)


def anchored_manifest(state: LedgerState, tasks: Tasks) -> Manifest | None:
    """The manifest that a checkpoint of this state names; None, and the zero digest, before any round contributed."""
    return manifest_of(state, tasks) if contributing_rounds(state) else None


def due_checkpoints(records: Sequence[Record], block: int | None = None) -> tuple[Due, ...]:
    """The checkpoints that follow from the records: one for each closed round and each certified revocation.

    The chain numbers them in the same order, so they must equal its ``CheckpointDue`` events.
    """
    return (replay(records) if block is None else state_at(records, block)).due


def awards_of(state: LedgerState, due: Due, tasks: Tasks) -> tuple[Award, ...]:
    """What the checkpoint awards: that of the round it closes, and nothing for a revocation."""
    if due.reason is not Reason.ROUND_CLOSED:
        return ()
    round_ = state.rounds[round_of_subject(due.subject)]
    if not active_updates(state, round_.id):
        return ()
    task = task_of(round_, tasks)
    if is_masked(task):
        return _of_a_sum(state, round_, task.per_round)
    return awards(state, round_.id, task.per_round)


def own_awards(state: LedgerState, due: Due, tasks: Tasks, me: OrganisationId) -> tuple[int, ...]:
    """Indices of what the checkpoint awards to a member; of a masked round it may have submitted nothing itself."""
    listed = awards_of(state, due, tasks)
    if not listed:
        return ()
    account = accounts_of(state.rounds[round_of_subject(due.subject)]).get(me)
    return tuple(award.index for award in listed if award.account == account)


def _of_a_sum(state: LedgerState, round_: Round, per_round: int) -> tuple[Award, ...]:
    (update_id, *others) = active_updates(state, round_.id)
    if others or round_.ended is None:
        return ()  # two sums were accepted, which no honest quorum does: nobody knows whose work counts
    owners = course(state, round_, round_.ended.block).survivors
    return shared_awards(state, round_, per_round, update_id, owners) if owners else ()


def checkpoint_content_at(records: Sequence[Record], due: Due, block_hash: Digest, tasks: Tasks) -> CheckpointContent:
    """All of a checkpoint that is a function of the private chain.

    Args:
        records: at least those up to the block where it fell due.
        block_hash: that block's hash on the private chain.
    """
    ledger = Ledger(up_to(records, due.block))
    return ledger.checkpoint_content(due, block_hash, tasks)


class Ledger:
    """Records, state and tree that grow together, one record at a time.

    Args:
        records: to begin with.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records: list[Record] = []
        self._state = EMPTY
        self._tree = MerkleTree()
        for record in records:
            self.append(record)

    @property
    def records(self) -> Sequence[Record]:
        return self._records

    @property
    def state(self) -> LedgerState:
        return self._state

    @property
    def tree(self) -> MerkleTree:
        return self._tree

    def append(self, record: Record) -> LedgerState:
        """Takes one more record.

        Raises:
            ProtocolError: it contradicts the state; nothing has changed then.
        """
        self._state = apply(self._state, record)
        self._records.append(record)
        self._tree.append(record.leaf_data)
        return self._state

    def size_at(self, block: int) -> int:
        """How many records there are up to the end of a block."""
        return len(up_to(self._records, block))

    def state_at(self, block: int) -> LedgerState:
        """The state at the end of a block; replays unless the block is the last one with records."""
        if self._state.position is None or self._state.position.block <= block:
            return self._state
        return state_at(self._records, block)

    def checkpoint_content(self, due: Due, block_hash: Digest, tasks: Tasks) -> CheckpointContent:
        """All of a checkpoint that is a function of the private chain.

        Raises:
            ProtocolError: the records do not make this checkpoint due.
        """
        state = self.state_at(due.block)
        if due not in state.due or state.chain_id is None:
            raise ProtocolError(f"checkpoint {due.sequence} does not follow from the records up to block {due.block}")
        listed, manifest = awards_of(state, due, tasks), anchored_manifest(state, tasks)
        return content_at(
            due.sequence,
            self._tree,
            size=self.size_at(due.block),
            chain_id=state.chain_id,
            block=due.block,
            block_hash=block_hash,
            manifest_digest=ZERO_DIGEST if manifest is None else manifest.digest,
            awards_root=awards_tree(due.sequence, listed).root if listed else ZERO_DIGEST,
        )
