"""One base model in memory for all members and federations of a process, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from orchestrator.aggregation import FoldedModel, strategy_named
from orchestrator.cache import cache_folder
from orchestrator.data import Dataset, DataSettings, prepare
from orchestrator.ledger.task import TaskSpec
from orchestrator.models import BaseModel, ModelSource, load_base, resolve

EVERYTHING = 1_000_000_000


class Shared:
    """A base model, its datasets, and the one fold that all members look at in turn.

    Args:
        model: as settings name it, such as ``packaged:minilm-l6`` or ``tiny:llama``.
        kind: ``causal_lm`` or ``classifier``. labels: classes of a classifier.
        threads: of torch; with one, equal seeds give equal figures.
    """

    def __init__(
        self, model: str, *, kind: Any = "causal_lm", labels: int = 2, threads: int = 1, device: str = "cpu"
    ) -> None:
        torch.set_num_threads(threads)
        source: ModelSource = resolve(model, cache=cache_folder())
        self.model, self.labels, self.threads, self.device = model, labels, threads, device
        self.base: BaseModel = load_base(source, kind=kind, labels=labels, device=device, cache=cache_folder())
        self.shapes = self.base.shapes
        self._folded: FoldedModel | None = None

    def dataset(self, settings: DataSettings, length: int) -> Dataset:
        """A shard in tokens, as :func:`orchestrator.data.prepare` makes it."""
        return prepare(settings, self.base.tokenizer, kind=self.base.kind, length=length)

    def task(self, document: Mapping[str, Any]) -> TaskSpec:
        """A task on this base: whatever the document says of the base is replaced."""
        base = {"digest": self.base.digest, "architecture": self.base.architecture, "kind": self.base.kind}
        return TaskSpec.from_document({"format": "loranchor/task", "version": 1, **document, "base": base})

    def fold(self, task: TaskSpec) -> FoldedModel:
        """The model at its base weights, folded by the task's strategy from here on; any earlier fold is given up."""
        if self._folded is not None:
            self._folded.reset()
        strategy = strategy_named(task.strategy.name, **task.strategy.settings)
        self._folded = FoldedModel(self.base.model, self.base.digest, strategy)
        return self._folded
