"""The workbench with a real model: one base in memory for the whole life of the process, loaded when first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from orchestrator.aggregation import FoldedModel, FoldEntry, leave_one_out
from orchestrator.contribution import AdapterDelta, ContributionRefused, DeltaRules, Reason, check, find_copies, parse
from orchestrator.daemon.workbench import Figure, Judgement, OpenDelta
from orchestrator.daemon.workbench import Progress as StepProgress
from orchestrator.data import Dataset, DataSettings, data_statement, prepare
from orchestrator.errors import DataError
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.weights import shares
from orchestrator.models import BaseModel, load_base, resolve
from orchestrator.privacy import PrivacySettings, protect
from orchestrator.training import AdapterSettings, Evaluation, TrainingSettings, evaluate, train
from orchestrator.training.settings import derived_seed
from orchestrator.types import MILLION, OrganisationId, ProtectedDelta, UpdateId


@dataclass(frozen=True, slots=True)
class Equipment:
    """What one organisation brings: model by name, data, device.

    Attributes:
        labels: classes of a classifier. threads: CPU threads for tensors. cache: of packaged models and digests.
    """

    organisation: OrganisationId
    model: str
    data: DataSettings
    labels: int = 2
    device: str = "cpu"
    threads: int = 1
    cache: Path | None = None


class TorchWorkbench:
    """See :class:`orchestrator.daemon.workbench.Workbench`. Only one thread may use it at a time."""

    def __init__(self, equipment: Equipment) -> None:
        self._own = equipment
        self._base: BaseModel | None = None
        self._dataset: Dataset | None = None
        self._length = 0
        self._folded: FoldedModel | None = None
        self._memory: dict[tuple[FoldEntry, ...], Evaluation] = {}

    def statement(self) -> bytes:
        """Canonical data statement; there is one once the data was loaded."""
        if self._dataset is None:
            raise DataError("no data was loaded yet", mend="train or evaluate first")
        return canonical_bytes(data_statement(self._dataset, organisation=self._own.organisation))

    def train(
        self, task: TaskSpec, manifest: Manifest, opener: OpenDelta, round_number: int, progress: StepProgress
    ) -> ProtectedDelta:
        folded, dataset = self._ready(task)
        self._move(folded, manifest.entries, _parsing(opener))
        settings = TrainingSettings.from_task(task.document)
        seed = derived_seed(settings.seed, self._own.organisation, round_number)
        outcome = train(
            folded.model,
            dataset.batches(batch=settings.batch, steps=settings.steps, seed=seed),
            AdapterSettings.from_task(task.document),
            settings,
            base=folded.base_digest,
            parent_manifest=manifest.digest,
            seed=seed,
            progress=lambda step, steps, loss: progress(step, steps),
        )
        return protect(outcome.delta, PrivacySettings.from_task(task.document), samples=outcome.samples)

    def evaluate(self, task: TaskSpec, manifest: Manifest, opener: OpenDelta) -> Figure:
        folded, dataset = self._ready(task)
        self._move(folded, manifest.entries, _parsing(opener))
        return self._figure(task, self._measured(folded, dataset))

    def judge(
        self,
        task: TaskSpec,
        manifest: Manifest,
        candidates: Sequence[UpdateId],
        opener: OpenDelta,
        refused: Mapping[UpdateId, str],
    ) -> Mapping[UpdateId, Judgement]:
        folded, dataset = self._ready(task)
        verdicts = {update_id: _rejected(reason) for update_id, reason in refused.items()}
        deltas = self._sound(task, manifest, candidates, opener, verdicts)
        if not deltas:
            return verdicts
        scores = self._scores(task, manifest, deltas, opener, folded, dataset)
        for update_id, score in scores.items():
            if task.verdict.policy == "validation" and score < task.verdict.minimum_score:
                verdicts[update_id] = Judgement(False, 0, score, Reason.SCORE_TOO_LOW.value)
            else:
                verdicts[update_id] = Judgement(True, MILLION, score, "")
        return verdicts

    def forget(self) -> None:
        self._memory.clear()
        if self._folded is not None:
            self._folded.reset()

    def _sound(
        self,
        task: TaskSpec,
        manifest: Manifest,
        candidates: Sequence[UpdateId],
        opener: OpenDelta,
        verdicts: dict[UpdateId, Judgement],
    ) -> dict[UpdateId, AdapterDelta]:
        """Candidates that pass every check of structure; the others get their verdicts."""
        assert self._base is not None
        rules, shapes = DeltaRules.from_task(task.document), self._base.shapes
        sound: dict[UpdateId, AdapterDelta] = {}
        for update_id in candidates:
            try:
                delta = parse(opener(update_id))
                check(delta, rules, shapes, parent_manifest=manifest.digest)
                sound[update_id] = delta
            except ContributionRefused as error:
                verdicts[update_id] = _rejected(error.reason.value)
        for copy in find_copies(list(sound.items())):
            verdicts[copy] = _rejected(Reason.COPY_OF_ANOTHER.value)
            del sound[copy]
        return sound

    def _scores(
        self,
        task: TaskSpec,
        manifest: Manifest,
        deltas: Mapping[UpdateId, AdapterDelta],
        opener: OpenDelta,
        folded: FoldedModel,
        dataset: Dataset,
    ) -> dict[UpdateId, int]:
        """What the model loses when an update's term is taken out of the sum, the others' weights left as they are.

        Were the others' weights scaled up, scores of a round would sum to about nothing: half of all honest work
        would look worthless.
        """
        number = 1 + max((entry.round for entry in manifest.entries), default=0)
        weights = shares([1] * len(deltas))
        entries = [
            FoldEntry(update_id, number, OrganisationId(f"candidate-{place}"), weight)
            for place, (update_id, weight) in enumerate(zip(deltas, weights, strict=True))
        ]
        known = _parsing(opener)

        def opened(update_id: UpdateId) -> AdapterDelta:
            return deltas[update_id] if update_id in deltas else known(update_id)

        self._move(folded, [*manifest.entries, *entries], opened)
        metric = task.evaluation.metric
        return leave_one_out(
            folded,
            entries,
            opened,
            lambda: evaluate(folded.model, dataset.validation_batches()).value(metric),
            higher_is_better=metric == "accuracy",
            weights_without=lambda leaving: {
                item.update_id: item.weight for item in entries if item.update_id != leaving
            },
        )

    def _ready(self, task: TaskSpec) -> tuple[FoldedModel, Dataset]:
        """Model and data as the task wants them; a task for another base is refused and leaves nothing behind."""
        base = self._base or self._load(task)
        if base.digest != task.base.digest:
            raise DataError(
                f"model {self._own.model} has base digest {base.digest}, the task's is {task.base.digest}",
                mend="configure the model that the task names",
            )
        if self._dataset is None or self._length != task.training.length:
            self._dataset = prepare(self._own.data, base.tokenizer, kind=base.kind, length=task.training.length)
            self._length = task.training.length
            self._memory.clear()
        if self._folded is None:
            self._base, self._folded = base, FoldedModel(base.model, base.digest)
        return self._folded, self._dataset

    def _load(self, task: TaskSpec) -> BaseModel:
        torch.set_num_threads(self._own.threads)
        source, own = resolve(self._own.model, cache=self._own.cache), self._own
        return load_base(source, kind=task.base.kind, labels=own.labels, device=own.device, cache=own.cache)

    def _move(self, folded: FoldedModel, entries: Sequence[Any], opener: Callable[[UpdateId], AdapterDelta]) -> None:
        wanted = tuple(FoldEntry(item.update_id, item.round, item.organisation, item.weight) for item in entries)
        if wanted != folded.entries:
            folded.move(wanted, opener)

    def _measured(self, folded: FoldedModel, dataset: Dataset) -> Evaluation:
        if folded.entries not in self._memory:
            self._memory[folded.entries] = evaluate(folded.model, dataset.validation_batches())
        return self._memory[folded.entries]

    def _figure(self, task: TaskSpec, found: Evaluation) -> Figure:
        metric = task.evaluation.metric
        return Figure(metric, found.value(metric) / MILLION, found.samples)


def _parsing(opener: OpenDelta) -> Callable[[UpdateId], AdapterDelta]:
    return lambda update_id: parse(opener(update_id))


def _rejected(reason: str) -> Judgement:
    return Judgement(False, 0, 0, reason)
