"""The one model of a process, brought to a fold; whatever is done to it afterwards ends with the next fold."""

from __future__ import annotations

import hashlib
import time

import torch
from torch import Tensor

from benchmarks.unlearning.case import Case
from benchmarks.unlearning.trained import Trained
from orchestrator.aggregation import FoldedModel, FoldEntry
from orchestrator.unlearning.subject import Subject


class Place:
    """A case's model.

    Args:
        case: whose base model nobody else uses meanwhile.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self._task = case.shared.task(case.document("chained"))
        self._folded: FoldedModel | None = None
        self._base: dict[str, Tensor] = {}

    @property
    def model(self) -> torch.nn.Module:
        model: torch.nn.Module = self.case.shared.base.model
        return model

    def begin(self, federation: Trained) -> None:
        """Fold a whole federation, whatever was done to the model before."""
        folded = self._fold()
        folded.move(federation.entries, federation.open)
        if not self._base:
            names, parameters = folded.touched, dict(self.model.named_parameters())
            folded.reset()
            self._base = {name: parameters[name].detach().clone() for name in names}
            folded.move(federation.entries, federation.open)
        self._folded = folded

    def go_on(self, federation: Trained, entries: tuple[FoldEntry, ...]) -> float:
        """From there to other contributions of it.

        Returns:
            CPU seconds, reading and parsing included.
        """
        assert self._folded is not None
        start = time.process_time()
        self._folded.move(entries, federation.open)
        return time.process_time() - start

    def subject(self) -> Subject:
        """The model with its ΔW: what methods and attacks may change."""
        return Subject(self.model, self.case.task, tuple(self._base), self._base)

    def digest(self) -> str:
        """SHA-256 over names and bytes of what contributions change: equal only for equal bits."""
        total, parameters = hashlib.sha256(), dict(self.model.named_parameters())
        for name in sorted(self._base):
            total.update(name.encode() + b"\0" + parameters[name].detach().cpu().contiguous().numpy().tobytes())
        return total.hexdigest()

    def _fold(self) -> FoldedModel:
        """A new one: trainings of other federations may have used the model, whose fold this resets."""
        return self.case.shared.fold(self._task)
