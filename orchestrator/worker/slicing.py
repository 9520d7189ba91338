"""A round's training in slices: planned from the task and the data, with the member's book of stages beside it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestrator.contribution.rules import ends_with
from orchestrator.data import Dataset
from orchestrator.data.prepare import Batch
from orchestrator.ledger.canonical import digest
from orchestrator.ledger.task import TaskSpec
from orchestrator.training import AdapterSettings, Team, TrainingOutcome, TrainingSettings
from orchestrator.training.settings import derived_seed
from orchestrator.training.slice_plan import Stage, planned
from orchestrator.training.slices import train_slices
from orchestrator.training.steps import Progress
from orchestrator.types import Digest, OrganisationId, UpdateId
from orchestrator.withdrawn import Withdrawn
from orchestrator.worker.kept import book_of
from orchestrator.worker.slice_book import Page, SliceBook, forget_withdrawn

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Slicing:
    """What decides a sliced training besides the model's weights.

    Attributes:
        dataset: with documents kept apart. seed: of this training.
        beginning: contributions that the model is folded to. place: device, threads and so on, by name.
    """

    task: TaskSpec
    dataset: Dataset
    me: OrganisationId
    seed: int
    beginning: Sequence[UpdateId]
    place: dict[str, str]

    @property
    def identity(self) -> Digest:
        """Of all that decides the bits of the first stage but its modules, samples, steps and seed."""
        versions = {name: version(name) for name in ("torch", "transformers", "peft")}
        rules = {name: self.task.document[name] for name in ("base", "adapter", "training", "strategy")}
        return digest({**rules, "beginning": list(self.beginning), **self.place, **versions})

    def stages(self, model: Any) -> tuple[Stage, ...]:
        """The plan for a model; samples are dealt out alike in all trainings of the member under one task seed."""
        rules = self.task.training
        endings = self.task.adapter.modules
        modules = [name for name, _ in model.named_modules() if any(ends_with(name, ending) for ending in endings)]
        return planned(
            modules,
            self.dataset.contents(),
            slices=rules.slices,
            steps=rules.steps,
            seed=self.seed,
            assignment=derived_seed(rules.seed, self.me, "slices"),
            identity=self.identity,
        )

    def batches(self, samples: Sequence[Digest], steps: int, seed: int) -> Iterator[Batch]:
        return self.dataset.batches_of(samples, batch=self.task.training.batch, steps=steps, seed=seed)


def train_in_slices(
    model: Any,
    slicing: Slicing,
    *,
    parent_manifest: Digest,
    home: Path | None,
    round_number: int,
    progress: Progress | None = None,
    team: Team | None = None,
) -> TrainingOutcome:
    """Train, taking from the home's book what it has and leaving there what this training was made of.

    Processes that share batches keep no book: each would have to find the very same stages in it.

    Raises:
        ConfigurationError: the model has fewer adapted layers than the task has slices.
        DataError: the loss is not finite, or the book is damaged.
    """
    book = None if home is None or team is not None else SliceBook(book_of(home))
    if book is not None and home is not None:
        forget_withdrawn(book, Withdrawn.read(home))
    document, stages = slicing.task.document, slicing.stages(model)
    found = train_slices(
        model,
        stages,
        slicing.batches,
        AdapterSettings.from_task(document),
        TrainingSettings.from_task(document),
        base=slicing.task.base.digest,
        parent_manifest=parent_manifest,
        book=book,
        progress=progress,
        team=team,
    )
    _log.info("round %d: trained %d of %d slices", round_number, len(found.trained), len(stages))
    if book is not None and home is not None:
        book.conclude(round_number, [Page(stage.key, stage.samples, stage.steps) for stage in stages])
        forget_withdrawn(book, Withdrawn.read(home))  # meanwhile
    return found.outcome
