"""What follows from the evidence: states, trees, manifests, awards and checkpoints, each computed once.

This is the auditor's own computation. Nothing in it is taken from a daemon or from what was handed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from orchestrator.audit.evidence import Evidence
from orchestrator.audit.membership import Membership, membership_of
from orchestrator.errors import FormatError, ObjectMissing, ProtocolError
from orchestrator.ledger.awards import Award, awards_tree
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.checkpoint import CheckpointContent, content_at
from orchestrator.ledger.entities import Due, LedgerState, Members, Round
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.manifest_fold import ManifestFold
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.records import Record
from orchestrator.ledger.state import EMPTY, apply
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.view import awards_of
from orchestrator.types import ZERO_DIGEST, Cid, Digest


@dataclass(frozen=True)
class Point:
    """The ledger at the end of a block in which a checkpoint fell due.

    Attributes:
        size: records up to there. problem: why manifest, awards and content cannot be computed; empty where they can.
    """

    due: Due
    state: LedgerState
    size: int
    manifest: Manifest | None = None
    awards: tuple[Award, ...] = ()
    content: CheckpointContent | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        return f"checkpoint {self.due.sequence}"


@dataclass(frozen=True)
class TaskObject:
    """A task as IPFS has it. ``problem`` says why there is no ``spec``."""

    data: bytes = b""
    spec: TaskSpec | None = None
    problem: str = ""


class Recomputed:
    """Everything that the checks compare with."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.records: Sequence[Record] = evidence.private.records
        self.tree = MerkleTree()
        self.contradiction = ""
        self._final = EMPTY
        self._dues: list[tuple[Due, LedgerState, int]] = []
        self._before_opening: dict[int, LedgerState] = {}
        self._fold()

    @property
    def state(self) -> LedgerState:
        """After the last record that fits."""
        return self._final

    @cached_property
    def tasks(self) -> Mapping[Digest, TaskObject]:
        """Every task that some round names; of several places where one should be, the last counts."""
        places = {round_.opening.task_digest: round_.opening.task_cid for round_ in self.state.rounds.values()}
        return {digest: self._task(digest, cid) for digest, cid in places.items()}

    @cached_property
    def specs(self) -> Mapping[Digest, TaskSpec]:
        """The tasks that are at hand and genuine."""
        return {digest: task.spec for digest, task in self.tasks.items() if task.spec is not None}

    @cached_property
    def points(self) -> Mapping[int, Point]:
        """Checkpoints that are due, by sequence."""
        return {due.sequence: self._point(due, state, size) for due, state, size in self._dues}

    @cached_property
    def manifests(self) -> ManifestFold:
        """Manifests of the states that the records went through."""
        return ManifestFold(self.specs)

    @cached_property
    def private_membership(self) -> Membership:
        return _membership(self.records)

    @cached_property
    def public_membership(self) -> Membership:
        return _membership(self.evidence.public.membership)

    def opening_manifest(self, round_: Round) -> Manifest:
        """The manifest that a round had to be opened with.

        Raises:
            ProtocolError: a task that it needs is not at hand.
        """
        task = self.specs.get(round_.opening.task_digest)
        if task is None:
            raise ProtocolError(f"the task of round {round_.id} is not at hand")
        return self.manifests.build(self._at(self._before_opening[round_.id]), task)

    def _fold(self) -> None:
        for _, group in groupby(self.records, key=lambda record: record.block):
            known = len(self._final.due)
            for record in group:
                if not self._take(record):
                    return
            fresh = self._final.due[known:]
            self._dues += [(due, _kept(self._final), self.tree.size) for due in fresh]

    def _take(self, record: Record) -> bool:
        before = self._final
        try:
            self._final = apply(before, record)
        except ProtocolError as error:
            self.contradiction = error.message
            return False
        self.tree.append(record.leaf_data)
        if record.kind == "RoundOpened":
            self._before_opening[record.fields["round_id"]] = _kept(before)
        return True

    def _at(self, kept: LedgerState) -> LedgerState:
        """A state of the past: its updates are those of today, of which its closed rounds name what was final then."""
        return kept.with_(updates=self._final.updates)

    def _task(self, digest: Digest, cid: Cid) -> TaskObject:
        try:
            data = self.evidence.objects.read(cid)
        except ObjectMissing as error:
            return TaskObject(problem=error.message)
        if (found := sha256(data)) != digest:
            return TaskObject(data, problem=f"the object {cid} has digest {found}")
        try:
            return TaskObject(data, TaskSpec.from_bytes(data))
        except FormatError as error:
            return TaskObject(data, problem=error.message)

    def _point(self, due: Due, kept: LedgerState, size: int) -> Point:
        state = self._at(kept)
        block_hash = self.evidence.private.block_hashes.get(due.block, ZERO_DIGEST)
        try:
            manifest, listed = self.manifests.anchored(state), awards_of(state, due, self.specs)
        except ProtocolError as error:
            return Point(due, state, size, problem=error.message)
        content = content_at(
            due.sequence,
            self.tree,
            size=size,
            chain_id=self.evidence.private.chain_id,
            block=due.block,
            block_hash=block_hash,
            manifest_digest=ZERO_DIGEST if manifest is None else manifest.digest,
            awards_root=awards_tree(due.sequence, listed).root if listed else ZERO_DIGEST,
        )
        return Point(due, state, size, manifest, listed, content)


def _kept(state: LedgerState) -> LedgerState:
    """Without what manifests and awards do not follow from, and without the updates: each state has its own copies."""
    return state.with_(updates={}, prekeys={})


def _membership(records: Sequence[Record]) -> Membership:
    try:
        return membership_of(records)
    except ProtocolError:  # the check of the records says so
        return Membership({}, Members())
