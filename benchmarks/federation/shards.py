"""Organisations' datasets made of other ones: joined, dealt out again, cut in two, with fewer held-out samples."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch.nn import functional

from orchestrator.data import Dataset
from orchestrator.data.prepare import Samples
from orchestrator.training.settings import derived_seed


def joined(datasets: Sequence[Dataset]) -> Dataset:
    """All samples as one organisation's; training and held-out parts stay apart."""
    training, validation = (
        _together([getattr(item, part) for item in datasets]) for part in ("training", "validation")
    )
    documents = sum(item.documents for item in datasets)
    return Dataset(datasets[0].settings, documents, training, validation)


def dealt(datasets: Sequence[Dataset], parts: int, seed: int) -> list[Dataset]:
    """The same samples dealt out at random to ``parts`` organisations of equal size (IID)."""
    whole = joined(datasets)
    training, validation = (_dealt(getattr(whole, part), parts, seed) for part in ("training", "validation"))
    made = zip(training, validation, strict=True)
    return [replace(whole, documents=whole.documents // parts, training=own, validation=held) for own, held in made]


def halves(dataset: Dataset, seed: int) -> list[Dataset]:
    """One organisation's samples as two organisations', at random."""
    return dealt([dataset], 2, seed)


def limited(dataset: Dataset, most: int) -> Dataset:
    """At most ``most`` held-out samples, spread evenly over those there are: what a member judges with."""
    count = len(dataset.validation)
    if count <= most:
        return dataset
    return replace(dataset, validation=chosen(dataset.validation, [place * count // most for place in range(most)]))


def chosen(samples: Samples, rows: Sequence[int]) -> Samples:
    """Some rows, in this order."""
    places = torch.tensor(rows, dtype=torch.long)
    return Samples(samples.tokens[places], samples.mask[places], samples.labels[places])


def _dealt(samples: Samples, parts: int, seed: int) -> list[Samples]:
    rows = list(range(len(samples)))
    random.Random(derived_seed(seed, "dealt", parts, len(rows))).shuffle(rows)
    return [chosen(samples, sorted(rows[part::parts])) for part in range(parts)]


def _together(parts: Sequence[Samples]) -> Samples:
    """Rows below each other; shorter ones get a tail that the mask leaves out."""
    width = max(item.tokens.shape[1] for item in parts)
    tokens, mask = (
        torch.cat([functional.pad(getattr(item, name), (0, width - item.tokens.shape[1])) for item in parts])
        for name in ("tokens", "mask")
    )
    return Samples(tokens, mask, torch.cat([item.labels for item in parts]))
