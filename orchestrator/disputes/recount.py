"""Checkpoints and awards as this command recomputes them from the private chain's records and the tasks on IPFS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.chain.contracts import PrivateContracts
from orchestrator.daemon.view import look, tasks_of
from orchestrator.disputes.reach import Reach
from orchestrator.errors import ConfigurationError, FormatError, LoranchorError, ProtocolError, StorageError
from orchestrator.ledger.awards import Award, awards_tree
from orchestrator.ledger.checkpoint import CheckpointContent
from orchestrator.ledger.contributions import Tasks
from orchestrator.ledger.entities import Due, LedgerState, Reason
from orchestrator.ledger.ids import round_of_subject
from orchestrator.ledger.view import Ledger, awards_of
from orchestrator.types import ZERO_DIGEST, Digest, OrganisationId, UpdateId


@dataclass(frozen=True)
class Point:
    """One checkpoint that is due.

    Attributes:
        content, awards: as recomputed; None and empty where ``problem`` says why they are not.
    """

    due: Due
    content: CheckpointContent | None
    awards: tuple[Award, ...]
    problem: LoranchorError | None = None

    @property
    def subject(self) -> str:
        """What the checkpoint is about, in words."""
        if self.due.reason is Reason.ROUND_CLOSED:
            return f"round {round_of_subject(self.due.subject)}"
        return f"revocation {self.due.subject}"

    @property
    def awards_root(self) -> Digest:
        """Zero where nothing is awarded; see :meth:`require` for where it is not known."""
        return awards_tree(self.due.sequence, self.awards).root if self.awards else ZERO_DIGEST

    def require(self) -> CheckpointContent:
        """The content; raises the error for which it could not be recomputed."""
        if self.content is None:
            raise self.problem or ProtocolError(f"checkpoint {self.due.sequence} could not be recomputed")
        return self.content


@dataclass(frozen=True)
class Recount:
    """What follows from the private chain up to ``block``."""

    ledger: Ledger
    block: int
    points: Mapping[int, Point]

    @property
    def state(self) -> LedgerState:
        return self.ledger.state

    def point(self, sequence: int) -> Point:
        """ProtocolError where the private chain has not made that checkpoint due."""
        found = self.points.get(sequence)
        if found is None:
            raise ProtocolError(
                f"the private chain has made no checkpoint {sequence} due; the last one is {len(self.points)}",
                mend="see `loranchor checkpoint status`",
            )
        return found

    @property
    def unknown(self) -> dict[int, LoranchorError]:
        """Why checkpoints could not be recomputed, by sequence."""
        return {number: point.problem for number, point in self.points.items() if point.problem is not None}

    def owner(self, update_id: UpdateId) -> OrganisationId | None:
        """Whose update it is; None where the private chain has no such update."""
        update = self.state.updates.get(update_id)
        return None if update is None else update.organisation


def recount(here: Reach) -> Recount:
    """Read the private chain and recompute every checkpoint that is due.

    A task that cannot be had is the problem of the checkpoints that need it, and no error here.

    Raises:
        ChainError: the private chain is down. ProtocolError: what it tells contradicts itself.
    """
    found = look(here.private)
    tasks, problem = _tasks(here, found.state)
    dues = found.state.due
    hashes = _block_hashes(here.private, dues)
    points = {due.sequence: _point(found.ledger, due, hashes[due.block], tasks, problem) for due in dues}
    return Recount(found.ledger, found.block, points)


def _tasks(here: Reach, state: LedgerState) -> tuple[Tasks, LoranchorError | None]:
    try:
        return tasks_of(state, here.store), None
    except (StorageError, FormatError, ConfigurationError) as error:
        return {}, error


def _block_hashes(private: PrivateContracts, dues: tuple[Due, ...]) -> Mapping[int, Digest]:
    numbers = sorted({due.block for due in dues})
    return {block.number: block.hash for block in private.rounds.chain.blocks(numbers)}


def _point(ledger: Ledger, due: Due, block_hash: Digest, tasks: Tasks, problem: LoranchorError | None) -> Point:
    try:
        content = ledger.checkpoint_content(due, block_hash, tasks)
        return Point(due, content, awards_of(ledger.state_at(due.block), due, tasks))
    except ProtocolError as error:
        return Point(due, None, (), problem or error)
