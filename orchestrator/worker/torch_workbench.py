"""The workbench with a real model: one base in memory for the whole life of the process, loaded when first needed."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from orchestrator.aggregation import FoldedModel, Ground, Starting, adapted, ordered, strategy_named
from orchestrator.aggregation.entries import AnyEntry
from orchestrator.aggregation.folded import Held, held_by
from orchestrator.contribution import AdapterDelta, Start, parse, serialise
from orchestrator.daemon.workbench import Figure, Judgement, Layout, Numbers, OpenDelta
from orchestrator.daemon.workbench import Progress as StepProgress
from orchestrator.data import Dataset, DataSettings, data_statement, prepare
from orchestrator.data.prepare import Batch
from orchestrator.errors import ConfigurationError, DataError, WorkCancelled
from orchestrator.ledger.canonical import canonical_bytes, digest
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.lock_key import LockKey
from orchestrator.models import BaseModel, load_base, resolve
from orchestrator.privacy import Place, PrivacySettings, policy_named
from orchestrator.privacy.protect import price, protect
from orchestrator.secagg.numbers import delta_of, layout, numbers_of
from orchestrator.training import (
    AdapterSettings,
    Discipline,
    Evaluation,
    Keeper,
    Team,
    TrainingSettings,
    evaluate,
    train,
)
from orchestrator.training.settings import derived_seed
from orchestrator.types import MILLION, Digest, OrganisationId, ProtectedDelta, UpdateId
from orchestrator.withdrawn import Withdrawn
from orchestrator.worker.judging import Bench, judge
from orchestrator.worker.lineage import beginning, continued
from orchestrator.worker.masking import blank_update, fraction_bits, numbers_for
from orchestrator.worker.own_lock import OwnLock
from orchestrator.worker.slicing import Slicing, train_in_slices

_log = logging.getLogger(__name__)

Keepers = Callable[[int, Digest], Keeper]
"""Gives the keeper of a round's training; the digest is of all that decides the training's bits."""


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
    """See :class:`orchestrator.daemon.workbench.Workbench`. Only one thread may use it at a time, but any may
    cancel.

    Args:
        keepers: of trainings that another process may have to finish. team: of processes that share each batch.
        home: the organisation's, where its withdrawn samples and its book of slices are; None where it has neither.
    """

    def __init__(
        self,
        equipment: Equipment,
        *,
        keepers: Keepers | None = None,
        team: Team | None = None,
        home: Path | None = None,
    ) -> None:
        self._own, self._keepers, self._team, self._home = equipment, keepers, team, home
        self._cancelled = threading.Event()
        self._base: BaseModel | None = None
        self._dataset: Dataset | None = None
        self._prepared: tuple[int, bool, Withdrawn | None] | None = None
        self._folded: FoldedModel | None = None
        self._memory: dict[Held, Evaluation] = {}
        self._own_lock = OwnLock()
        self._pseudonym_key: bytes | None = None

    def wear(self, key: LockKey | None) -> None:
        """The key of this organisation's key-lock, for tasks that want one; from the keystore, before each call."""
        self._own_lock.give(key)

    def name_with(self, key: bytes | None) -> None:
        """The key of pseudonyms, for data settings that put them in place of personal data; before each call."""
        self._pseudonym_key = key

    def statement(self) -> bytes:
        """Canonical data statement; there is one once the data was loaded."""
        if self._dataset is None:
            raise DataError("no data was loaded yet", mend="train or evaluate first")
        own = self._own.organisation
        return canonical_bytes(data_statement(self._dataset, organisation=own, key_lock=self._own_lock.fingerprint))

    def train(
        self,
        task: TaskSpec,
        manifest: Manifest,
        opener: OpenDelta,
        round_number: int,
        progress: StepProgress,
        *,
        ordinal: int | None = None,
        spent: int = 0,
    ) -> ProtectedDelta:
        privacy = _privacy(task, spent)
        delta, samples = self._trained(task, manifest, opener, round_number, progress, privacy, ordinal)
        return protect(delta, privacy, samples=samples, spent=spent)

    def numbers(
        self,
        task: TaskSpec,
        manifest: Manifest,
        opener: OpenDelta,
        round_number: int,
        progress: StepProgress,
        *,
        ordinal: int | None = None,
    ) -> Numbers:
        privacy = _privacy(task, 0)
        delta, samples = self._trained(task, manifest, opener, round_number, progress, privacy, ordinal)
        return numbers_for(delta, self._blank(task, manifest), task, privacy, samples)

    def layout(self, task: TaskSpec, manifest: Manifest) -> Layout:
        self._ready(task)
        blank, bits = self._blank(task, manifest), fraction_bits(task)
        return Layout(numbers_of(blank, bits).size, layout(blank, bits))

    def whole(self, task: TaskSpec, manifest: Manifest, total: bytes) -> bytes:
        self._ready(task)
        units = np.frombuffer(total, "<i4").astype(np.int64)
        return serialise(delta_of(units, self._blank(task, manifest), fraction_bits(task)))

    def _blank(self, task: TaskSpec, manifest: Manifest) -> AdapterDelta:
        assert self._base is not None and self._folded is not None
        return blank_update(self._base, self._folded.strategy, task, manifest.digest)

    def _trained(
        self,
        task: TaskSpec,
        manifest: Manifest,
        opener: OpenDelta,
        round_number: int,
        progress: StepProgress,
        privacy: PrivacySettings,
        ordinal: int | None,
    ) -> tuple[AdapterDelta, int]:
        """What training gave, unprotected, and how many samples it saw."""
        folded, dataset = self._ready(task)
        before, parsed = beginning(task, manifest, self._own.organisation), self._parsing(opener)
        self._move(folded, before, parsed)
        settings = TrainingSettings.from_task(task.document)
        seed = derived_seed(settings.seed, self._own.organisation, ordinal or round_number)
        told = self._telling(progress)
        if settings.slices > 1:
            names = [entry.update_id for entry in ordered(before)]
            slicing = Slicing(task, dataset, self._own.organisation, seed, names, self._place())
            outcome = train_in_slices(
                folded.model,
                slicing,
                parent_manifest=manifest.digest,
                home=self._home,
                round_number=round_number,
                progress=told,
                team=self._team,
            )
        else:
            kept_to = self._discipline(privacy, settings, dataset)
            ordinary = dataset.batches(batch=settings.batch, steps=settings.steps, seed=seed)
            start = self._start(task, manifest, parsed)
            with self._own_lock.worn(folded):
                outcome = train(
                    folded.model,
                    ordinary if kept_to is None or kept_to.rows is None else dataset.batches_at(kept_to.rows),
                    AdapterSettings.from_task(task.document),
                    settings,
                    base=folded.base_digest,
                    parent_manifest=manifest.digest,
                    seed=seed,
                    start=start,
                    progress=told,
                    keeper=self._keepers(round_number, self._identity(task, manifest, seed)) if self._keepers else None,
                    team=self._team,
                    discipline=kept_to,
                )
        delta = outcome.delta
        if task.lineage == "isolated":
            whole = continued(task, delta, (parsed(entry.update_id) for entry in ordered(before)))
            delta = whole.delta
            if whole.error:
                words = "round %d: this organisation's work was cut to rank %d, relative error %.3g"
                _log.warning(words, round_number, task.verdict.max_rank, whole.error)
        return delta, outcome.samples

    def evaluate(self, task: TaskSpec, manifest: Manifest, opener: OpenDelta) -> Figure:
        folded, dataset = self._ready(task)
        self._move(folded, manifest.entries, self._parsing(opener))
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
        assert self._base is not None
        bench = Bench(
            folded,
            self._base.shapes,
            lambda entries, opened: self._move(folded, entries, opened),
            lambda: self._evaluated(folded, dataset),
            self._start(task, manifest, self._parsing(opener)),
        )
        return judge(bench, task, manifest, candidates, self._opening(opener), refused)

    def settle(self, round_number: int) -> None:
        """Whoever gave the keepers removes what they kept."""

    def forget(self) -> None:
        self._memory.clear()
        if self._folded is not None:
            self._folded.reset()

    def cancel(self) -> None:
        self._cancelled.set()

    def close(self) -> None:
        self.cancel()

    def _ready(self, task: TaskSpec) -> tuple[FoldedModel, Dataset]:
        """Model and data as the task wants them; a task for another base is refused and leaves nothing behind."""
        self._cancelled.clear()
        base = self._base or self._load(task)
        if base.digest != task.base.digest:
            raise DataError(
                f"model {self._own.model} has base digest {base.digest}, the task's is {task.base.digest}",
                mend="configure the model that the task names",
            )
        withdrawn = None if self._home is None else Withdrawn.read(self._home)
        wanted = (task.training.length, task.training.slices > 1, withdrawn)
        if self._dataset is None or self._prepared != wanted:
            self._dataset, self._prepared = self._shard(base, *wanted), wanted
            self._memory.clear()
        strategy = strategy_named(task.strategy.name, **task.strategy.settings)
        if self._folded is None:
            self._base, self._folded = base, FoldedModel(base.model, base.digest, strategy)
        elif self._folded.use(strategy):
            self._memory.clear()
        if self._own_lock.take(task, base, self._folded):
            self._memory.clear()
        return self._folded, self._dataset

    def _shard(self, base: BaseModel, length: int, apart: bool, withdrawn: Withdrawn | None) -> Dataset:
        """The organisation's own samples, of ``length`` tokens."""
        kept_out = None if withdrawn is None else withdrawn.__contains__
        settings, tokenizer = self._own.data, base.tokenizer
        return prepare(
            settings,
            tokenizer,
            kind=base.kind,
            length=length,
            apart=apart,
            withdrawn=kept_out,
            pseudonym_key=self._pseudonym_key,
        )

    def _discipline(self, privacy: PrivacySettings, settings: TrainingSettings, dataset: Dataset) -> Discipline | None:
        place = Place(self._own.organisation, len(dataset.training), settings.batch, self._home, self._own_lock.lock)
        return policy_named(privacy.policy).discipline(privacy, place)

    def _start(self, task: TaskSpec, manifest: Manifest, opener: Callable[[UpdateId], AdapterDelta]) -> Start | None:
        """What the task's strategy has all members of the round begin with."""
        assert self._base is not None and self._folded is not None
        strategy = self._folded.strategy
        if not isinstance(strategy, Starting):
            return None
        modules = adapted(self._base.shapes, task.adapter.modules)
        entries, rounds = ordered(manifest.entries), len({entry.round for entry in manifest.originals})
        return strategy.start(Ground(task.training.seed, task.adapter.ranks[0], modules, entries, opener, rounds))

    def _identity(self, task: TaskSpec, manifest: Manifest, seed: int) -> Digest:
        """Of all that decides a training's bits: rules, model, data, seed, device and the library's version."""
        assert self._dataset is not None
        samples, own = self._dataset.training, self._own
        data = hashlib.sha256()
        for tensor in (samples.tokens, samples.mask, samples.labels):
            data.update(str(tuple(tensor.shape)).encode() + tensor.contiguous().numpy().tobytes())
        place = {**self._place(), "threads": own.threads, "torch": torch.__version__}
        lock = self._own_lock.fingerprint
        rules = {"task": task.digest, "manifest": manifest.digest, "seed": str(seed)}
        rules |= {} if lock is None else {"key-lock": lock}
        return digest({**rules, **place, "organisation": own.organisation, "data": data.hexdigest()})

    def _place(self) -> dict[str, str]:
        return {"device": self._own.device, "threads": str(self._own.threads)}

    def _load(self, task: TaskSpec) -> BaseModel:
        torch.set_num_threads(self._own.threads)
        source, own = resolve(self._own.model, cache=self._own.cache), self._own
        return load_base(source, kind=task.base.kind, labels=own.labels, device=own.device, cache=own.cache)

    def _move(
        self, folded: FoldedModel, entries: Sequence[AnyEntry], opener: Callable[[UpdateId], AdapterDelta]
    ) -> None:
        if held_by(entries) != folded.held:
            folded.move(entries, opener)

    def _measured(self, folded: FoldedModel, dataset: Dataset) -> Evaluation:
        if folded.held not in self._memory:
            self._memory[folded.held] = self._evaluated(folded, dataset)
        return self._memory[folded.held]

    def _figure(self, task: TaskSpec, found: Evaluation) -> Figure:
        metric = task.evaluation.metric
        return Figure(metric, found.value(metric) / MILLION, found.samples)

    def _evaluated(self, folded: FoldedModel, dataset: Dataset) -> Evaluation:
        with self._own_lock.worn(folded):
            return evaluate(folded.model, self._unless_cancelled(dataset.validation_batches()))

    def _parsing(self, opener: OpenDelta) -> Callable[[UpdateId], AdapterDelta]:
        opening = self._opening(opener)
        return lambda update_id: parse(opening(update_id))

    def _opening(self, opener: OpenDelta) -> OpenDelta:
        def opened(update_id: UpdateId) -> bytes:
            self._go_on()
            return opener(update_id)

        return opened

    def _telling(self, progress: StepProgress) -> Callable[[int, int, float], None]:
        def told(step: int, steps: int, loss: float) -> None:
            progress(step, steps)
            self._go_on()

        return told

    def _unless_cancelled(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        for batch in batches:
            self._go_on()
            yield batch

    def _go_on(self) -> None:
        if self._cancelled.is_set():
            raise WorkCancelled("the work was cancelled")


def _privacy(task: TaskSpec, spent: int) -> PrivacySettings:
    """What the task's policy needs, once it is sure that it can keep its promise and that there is ε left to spend."""
    settings = PrivacySettings.from_task(task.document)
    if objections := list(policy_named(settings.policy).objections(task)):
        raise ConfigurationError("; ".join(objections), mend="agree on another task")
    price(settings, spent)
    return settings
