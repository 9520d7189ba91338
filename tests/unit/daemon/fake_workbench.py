"""A workbench without tensors: deltas are sentences, and a model is worth what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from unit.ledger.actors import word_of

from orchestrator.daemon.workbench import Figure, Judgement, Layout, Numbers, OpenDelta, Progress
from orchestrator.errors import BudgetSpent
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import MILLION, OrganisationId, ProtectedDelta, UpdateId, protected

WORDS = 40
"""Numbers of an update of a masked round."""


class FakeWorkbench:
    """Opens whatever it is given, as the real one does, and remembers what it was asked.

    Attributes:
        asked: name of each call. ordinals, spent: of each training. fails: an error to raise instead of working.
        epsilon_each: what a training costs under differential privacy. says: the policy that deltas say they met.
        forgotten, cancelled: how often :meth:`forget` and :meth:`cancel` were called. settled: rounds.
    """

    def __init__(self, organisation: OrganisationId) -> None:
        self.organisation = organisation
        self.asked: list[str] = []
        self.ordinals: list[int | None] = []
        self.spent: list[int] = []
        self.fails: Exception | None = None
        self.epsilon_each, self.says = 1_000_000, ""
        self.forgotten = self.cancelled = 0
        self.settled: list[int] = []
        self.opened: dict[UpdateId, bytes] = {}

    def statement(self) -> bytes:
        return canonical_bytes({"organisation": self.organisation})

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
        self._begin("train", manifest, opener)
        self.ordinals.append(ordinal)
        self.spent.append(spent)
        progress(1, 1)
        payload = f"delta of {self.organisation} in round {round_number}".encode() * 20
        epsilon = self.epsilon_each * (spent + 1) if task.privacy.bounded else 0
        if epsilon > task.privacy.epsilon_cap:
            raise BudgetSpent(f"training number {spent + 1} would bring ε to {epsilon} millionths")
        policy = self.says or task.privacy.policy
        return protected(payload, policy=policy, samples=100, epsilon=epsilon, parent_manifest=manifest.digest)

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
        self._begin("numbers", manifest, opener)
        self.ordinals.append(ordinal)
        return Numbers(self.units(round_number).astype("<i4").tobytes(), 100)

    def units(self, round_number: int) -> Any:
        """What it trains for a masked round."""
        seed = [*self.organisation.encode(), round_number]
        return np.random.default_rng(seed).integers(-900, 901, WORDS)

    def layout(self, task: TaskSpec, manifest: Manifest) -> Layout:
        return Layout(WORDS, word_of("layout"))

    def whole(self, task: TaskSpec, manifest: Manifest, total: bytes) -> bytes:
        return b"the sum" + total

    def evaluate(self, task: TaskSpec, manifest: Manifest, opener: OpenDelta) -> Figure:
        self._begin("evaluate", manifest, opener)
        return Figure("loss", 3.5 - len(manifest.entries) / 10, 24)

    def judge(
        self,
        task: TaskSpec,
        manifest: Manifest,
        candidates: Sequence[UpdateId],
        opener: OpenDelta,
        refused: Mapping[UpdateId, str],
    ) -> Mapping[UpdateId, Judgement]:
        self._begin("judge", manifest, opener)
        self.opened |= {update_id: opener(update_id) for update_id in candidates}
        verdicts = {update_id: Judgement(False, 0, 0, reason) for update_id, reason in refused.items()}
        good = {update_id: Judgement(True, MILLION, 1000 * place, "") for place, update_id in enumerate(candidates, 1)}
        return verdicts | good

    def settle(self, round_number: int) -> None:
        self.settled.append(round_number)

    def forget(self) -> None:
        self.forgotten += 1

    def cancel(self) -> None:
        self.cancelled += 1

    def close(self) -> None:
        self.cancel()

    def _begin(self, what: str, manifest: Manifest, opener: OpenDelta) -> None:
        self.asked.append(what)
        if self.fails is not None:
            raise self.fails
        self.opened |= {entry.update_id: opener(entry.update_id) for entry in manifest.opened}
