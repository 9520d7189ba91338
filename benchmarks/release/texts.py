"""Organisations that train one adapter round each on a text model, folds of it, and folders for the gate."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from benchmarks.federation import Shared
from benchmarks.federation.adversaries import times
from orchestrator.aggregation import FoldEntry
from orchestrator.attacks.rows import IGNORED
from orchestrator.contribution import AdapterDelta
from orchestrator.data import Dataset, DataSettings
from orchestrator.data.prepare import Samples
from orchestrator.privacy.dp import accounting
from orchestrator.privacy.dp.example import ByExample
from orchestrator.privacy.dp.settings import DpSettings
from orchestrator.privacy.policy import Place
from orchestrator.settings import compose
from orchestrator.training import AdapterSettings, TrainingSettings, train
from orchestrator.training.settings import derived_seed
from orchestrator.types import ZERO_DIGEST, OrganisationId, UpdateId

WHOLE = 1 << 32
DELTA = 1e-5


@dataclass(frozen=True)
class Bench:
    """One text world.

    Attributes:
        experiment: packaged one whose model, modules and rank are taken. rate: learning rate, 1e-9.
    """

    experiment: str
    steps: int
    batch: int
    length: int
    rate: int
    seed: int

    @cached_property
    def _settings(self) -> Mapping[str, Any]:
        return compose([f"experiment={self.experiment}"]).values

    @cached_property
    def shared(self) -> Shared:
        """The base model, with one thread."""
        model = self._settings["model"]
        return Shared(str(model["name"]), kind=model["kind"], labels=int(model["labels"]))

    def trained(self, name: str, samples: Samples, *, factor: float = 1.0, noise: float | None = None) -> AdapterDelta:
        """An organisation's update from the base on.

        Args:
            factor: how many times as large it is sent. noise: of DP-SGD, as a multiple of the clip; None for none.
        """
        adapter = AdapterSettings.from_task(self._settings["experiment"]["task"])
        settings = TrainingSettings(self.steps, self.batch, self.length, self.rate)
        data = Dataset(DataSettings("bench"), len(samples), samples, samples)
        discipline = None if noise is None else ByExample(*self._dp(name, noise, len(samples))).discipline()
        seed = derived_seed(self.seed, name)
        batches = data.batches(batch=self.batch, steps=self.steps, seed=seed)
        folded = self.shared.fold(self._task())
        made = train(
            folded.model,
            batches if discipline is None or discipline.rows is None else data.batches_at(discipline.rows),
            adapter,
            settings,
            base=self.shared.base.digest,
            parent_manifest=ZERO_DIGEST,
            seed=seed,
            discipline=discipline,
        ).delta
        return made if factor == 1 else times(made, factor)

    def epsilon(self, noise: float, samples: int) -> float:
        """Of each of an organisation's samples, at :data:`DELTA`."""
        return accounting.epsilon("rdp", noise, min(1.0, self.batch / samples), self.steps, DELTA)

    def fold(self, updates: Mapping[str, AdapterDelta]) -> Any:
        """The model of these updates, each with the same weight, as a round's manifest has it; of none, the base."""
        folded = self.shared.fold(self._task())
        entries = [
            FoldEntry(UpdateId(f"0x{place:064x}"), 1, OrganisationId(name), WHOLE // len(updates))
            for place, name in enumerate(updates)
        ]
        by_id = {entry.update_id: updates[entry.organisation] for entry in entries}
        folded.move(entries, by_id.__getitem__)
        return folded.model

    def save(self, updates: Mapping[str, AdapterDelta], folder: Path) -> Path:
        """A new merged folder of their fold, as transformers writes it."""
        folder.mkdir()
        self.fold(updates).save_pretrained(folder)
        self.shared.base.tokenizer.save_pretrained(folder)
        return folder

    def _task(self) -> Any:
        return self.shared.task({**self._settings["experiment"]["task"], "minimum_updates": 1})

    def _dp(self, name: str, noise: float, samples: int) -> tuple[DpSettings, Place]:
        rate = min(1.0, self.batch / samples)
        dp = DpSettings("example", 1.0, noise, rate, "rdp", False, DELTA, self.steps)
        return dp, Place(OrganisationId(name), samples, self.batch)


def rows_of(texts: Sequence[str], tokenizer: Any, length: int) -> Samples:
    """Each text a row after an end token, as the gate reads it."""
    encoded = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
    padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    tokens = torch.full((len(texts), length), int(padding))
    labels, mask = torch.full((len(texts), length), IGNORED), torch.zeros(len(texts), length, dtype=torch.long)
    for row, found in enumerate(encoded):
        line = torch.tensor([tokenizer.eos_token_id, *found])[:length]
        tokens[row, : len(line)], labels[row, : len(line)], mask[row, : len(line)] = line, line, 1
    return Samples(tokens, mask, labels)


def classified(texts: Sequence[str], labels: Sequence[int], tokenizer: Any, length: int) -> Samples:
    """Texts with classes."""
    encoded = tokenizer(list(texts), truncation=True, max_length=length, padding="max_length", return_tensors="pt")
    return Samples(encoded["input_ids"], encoded["attention_mask"], torch.tensor(list(labels)))


def write_set(path: Path, texts: Sequence[str], labels: Sequence[int] | None = None) -> Path:
    """A JSONL file of a set."""
    rows = [{"text": text} for text in texts]
    if labels is not None:
        rows = [{**row, "label": str(label)} for row, label in zip(rows, labels, strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
