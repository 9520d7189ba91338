"""The port to everything that computes with tensors: a daemon asks it for deltas, figures and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Digest, ProtectedDelta, UpdateId

OpenDelta = Callable[[UpdateId], bytes]
"""Gives the plaintext bytes of a contribution; raises ``ContentKeyDestroyed`` or ``StorageError`` where it cannot."""

Progress = Callable[[int, int], None]
"""Told how many of how many steps are done."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A held-out figure of one model on this organisation's validation data.

    Attributes:
        metric: ``loss`` (nats a token) or ``accuracy`` (share of 1).
        samples: sequences or sentences it was measured on.
    """

    metric: str
    value: float
    samples: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What this organisation thinks of one update.

    Attributes:
        weight_cap: millionths. score: gain of the metric by having it, millionths. reason: label, empty when accepted.
    """

    accept: bool
    weight_cap: int
    score: int
    reason: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Which numbers the updates of a masked round have: how many, and the digest of their order."""

    words: int
    layout: Digest


@dataclass(frozen=True, slots=True)
class Numbers:
    """A trained update that is to be masked: it must not leave as it is.

    Attributes:
        units: steps of the task's grid, clipped to its privacy policy's clip; int32, little-endian.
        samples: training samples seen.
    """

    units: bytes = field(repr=False)
    samples: int


class Workbench(Protocol):
    """One organisation's model, data and device. Every method may take minutes; none touches a chain or IPFS itself.

    ``train``, ``evaluate`` and ``judge`` are called by one thread; the others by any, also meanwhile.
    """

    def statement(self) -> bytes:
        """Canonical ``loranchor/data-statement`` of the shard; there is one after the first training or evaluation.

        Raises:
            DataError: there was none yet.
        """

    def train(
        self,
        task: TaskSpec,
        manifest: Manifest,
        opener: OpenDelta,
        round_number: int,
        progress: Progress,
        *,
        ordinal: int | None = None,
        spent: int = 0,
    ) -> ProtectedDelta:
        """Fold ``manifest``, train a delta on the organisation's shard, and protect it by its privacy policy.

        Args:
            round_number: what is kept to go on with goes by it.
            ordinal: which training of its lineage it is (:func:`orchestrator.ledger.lineage.training_ordinal`), which
                its seed follows from; by default the round's number.
            spent: trainings under the task whose updates this organisation has sealed before, which cost ε.

        Raises:
            BudgetSpent: one more would pass the task's cap on ε; asked before anything else.
            DataError: the base model is not the task's, or the shard is empty.
            WorkerError: what works for the daemon ended, reached a limit or was cancelled; so also below.
        """

    def numbers(
        self,
        task: TaskSpec,
        manifest: Manifest,
        opener: OpenDelta,
        round_number: int,
        progress: Progress,
        *,
        ordinal: int | None = None,
    ) -> Numbers:
        """Train as :meth:`train` does, for a task with masks: what comes is masked before it leaves this process."""

    def layout(self, task: TaskSpec, manifest: Manifest) -> Layout:
        """Which numbers an update has under a task with masks: the same for all members."""

    def whole(self, task: TaskSpec, manifest: Manifest, total: bytes) -> bytes:
        """The sum of a masked round as a serialised delta: the same bytes for all members.

        Args:
            total: units of the sum, int32, little-endian.
        """

    def evaluate(self, task: TaskSpec, manifest: Manifest, opener: OpenDelta) -> Figure:
        """The held-out figure of the folded model; remembered by manifest digest."""

    def judge(
        self,
        task: TaskSpec,
        manifest: Manifest,
        candidates: Sequence[UpdateId],
        opener: OpenDelta,
        refused: Mapping[UpdateId, str],
    ) -> Mapping[UpdateId, Judgement]:
        """Check and score the updates of a round.

        Args:
            manifest: the one the round was opened with.
            candidates: released updates that were opened, in their order.
            refused: updates that could not be opened, with the reason's label.
        """

    def settle(self, round_number: int) -> None:
        """Remove what was kept to go on with a round's training: its update is stored, or the round has ended."""

    def forget(self) -> None:
        """Drop everything folded or opened that is still in memory."""

    def cancel(self) -> None:
        """Have the call under way, if there is one, end soon with ``WorkCancelled``; later calls are none the worse."""

    def close(self) -> None:
        """Cancel, and give back what the bench holds; it is not used any more."""
