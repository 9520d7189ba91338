"""The stand-in for training and scoring: a workbench whose deltas are ready, of the demo's size."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from orchestrator.daemon.workbench import Figure, Judgement, Layout, Numbers, OpenDelta, Progress
from orchestrator.ledger.canonical import canonical_bytes, digest
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import MILLION, OrganisationId, ProtectedDelta, UpdateId, protected

DELTA_BYTES = 1_860_000
"""What an update of the demo weighs: SmolLM2-135M, rank 8, sealed."""
WORDS = DELTA_BYTES // 4
"""Numbers of a masked update of that size."""


class PreparedWorkbench:
    """See :class:`orchestrator.daemon.workbench.Workbench`. Opens what a real one opens, and computes nothing."""

    def __init__(self, organisation: OrganisationId) -> None:
        self._organisation = organisation
        self._delta = random.Random(organisation).randbytes(DELTA_BYTES)

    def statement(self) -> bytes:
        return canonical_bytes({"organisation": self._organisation})

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
        progress(1, 1)
        return protected(self._delta, policy="none", samples=100, epsilon=0, parent_manifest=manifest.digest)

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
        progress(1, 1)
        return Numbers(bytes(4 * WORDS), 100)

    def layout(self, task: TaskSpec, manifest: Manifest) -> Layout:
        return Layout(WORDS, digest({"words": WORDS}))

    def whole(self, task: TaskSpec, manifest: Manifest, total: bytes) -> bytes:
        return total

    def evaluate(self, task: TaskSpec, manifest: Manifest, opener: OpenDelta) -> Figure:
        for entry in manifest.opened:
            opener(entry.update_id)
        return Figure("loss", 3.5, 24)

    def judge(
        self,
        task: TaskSpec,
        manifest: Manifest,
        candidates: Sequence[UpdateId],
        opener: OpenDelta,
        refused: Mapping[UpdateId, str],
    ) -> Mapping[UpdateId, Judgement]:
        for update_id in candidates:
            opener(update_id)
        good = {update_id: Judgement(True, MILLION, 1000, "") for update_id in candidates}
        return good | {update_id: Judgement(False, 0, 0, reason) for update_id, reason in refused.items()}

    def settle(self, round_number: int) -> None:
        """Nothing was kept."""

    def forget(self) -> None:
        """Nothing is in memory but the delta, which is nobody's secret."""

    def cancel(self) -> None:
        """No call takes long."""

    def close(self) -> None:
        """There is no other process."""
