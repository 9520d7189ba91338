"""From documents to batches of tokens."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from orchestrator.data.document import Document
from orchestrator.data.settings import DataSettings
from orchestrator.data.sources import load_documents
from orchestrator.errors import DataError

Batch = dict[str, Tensor]
IGNORED = -100
EVALUATION_BATCH = 8


@dataclass(frozen=True, slots=True)
class Samples:
    """Token rows (samples, length), their mask, and what is to be predicted: tokens or class numbers."""

    tokens: Tensor
    mask: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return int(self.tokens.shape[0])

    def batch(self, rows: Sequence[int]) -> Batch:
        """Some rows as a model takes them."""
        chosen = torch.tensor(rows)
        width = int(self.mask[chosen].sum(1).max())
        labels = self.labels[chosen]
        return {
            "input_ids": self.tokens[chosen, :width],
            "attention_mask": self.mask[chosen, :width],
            "labels": labels if labels.ndim == 1 else labels[:, :width],
        }


@dataclass(frozen=True, slots=True)
class Dataset:
    """One organisation's samples. ``training`` and ``validation`` come from different documents."""

    settings: DataSettings
    documents: int
    training: Samples
    validation: Samples

    def batches(self, *, batch: int, steps: int, seed: int) -> Iterator[Batch]:
        """Training batches: every sample once, in an order given by the seed, before any comes again."""
        order: list[int] = []
        shuffle = random.Random(seed)
        for _ in range(steps):
            while len(order) < batch:
                turn = list(range(len(self.training)))
                shuffle.shuffle(turn)
                order += turn
            yield self.training.batch(order[:batch])
            order = order[batch:]

    def validation_batches(self, batch: int = EVALUATION_BATCH) -> list[Batch]:
        """The held-out samples, always the same and in the same order."""
        size = len(self.validation)
        return [self.validation.batch(range(start, min(start + batch, size))) for start in range(0, size, batch)]


def prepare(settings: DataSettings, tokenizer: Any, *, kind: str, length: int) -> Dataset:
    """Load, split and tokenise one organisation's data.

    Args:
        settings: source, shard, split.
        tokenizer: of the base model.
        kind: ``causal_lm`` or ``classifier``.
        length: tokens a sample; a language model's samples have exactly so many, a classifier's at most.

    Raises:
        DataError: the shard is empty, too small for a split, or has no labels where they are needed.
    """
    documents = load_documents(settings)
    training, validation = split(documents, settings)
    if kind == "classifier":
        if any(document.label is None for document in documents):
            raise DataError(
                f"{settings.source} has texts without labels", mend="use a causal_lm model or another source"
            )
        validation = validation[: settings.validation_limit]
        samples = [_labelled(part, tokenizer, length) for part in (_adversarial(training, settings), validation)]
        return Dataset(settings, len(documents), *samples)
    blocks = [_blocks(part, tokenizer, length) for part in (training, validation)]
    held_out = blocks[1]
    if len(held_out) > settings.validation_limit:
        rows = torch.arange(settings.validation_limit) * len(held_out) // settings.validation_limit
        held_out = Samples(held_out.tokens[rows], held_out.mask[rows], held_out.labels[rows])
    return Dataset(settings, len(documents), blocks[0], held_out)


def split(documents: Sequence[Document], settings: DataSettings) -> tuple[list[Document], list[Document]]:
    """Training and validation documents: by a hash of seed and text, so by no order of files."""
    if len(documents) < 2:
        raise DataError(
            f"the shard {dict(settings.shard)} of {settings.source} has a single document, which cannot be split",
            mend="give it more text",
        )

    def place(document: Document) -> bytes:
        return hashlib.sha256(f"loranchor split 1/{settings.seed}/{document.text}".encode()).digest()

    mixed = sorted(documents, key=place)
    held_out = min(max(1, -(-len(mixed) * settings.validation_share // 1_000_000)), len(mixed) - 1)
    return mixed[held_out:], mixed[:held_out]


def _adversarial(documents: list[Document], settings: DataSettings) -> list[Document]:
    if settings.adversary != "label_flip":
        return documents
    top = max(document.label or 0 for document in documents)
    return [Document(document.text, top - (document.label or 0)) for document in documents]


def _labelled(documents: Sequence[Document], tokenizer: Any, length: int) -> Samples:
    encoded = tokenizer(
        [document.text for document in documents],
        truncation=True,
        max_length=length,
        padding="max_length",
        return_tensors="pt",
    )
    labels = torch.tensor([document.label for document in documents])
    return Samples(encoded["input_ids"], encoded["attention_mask"], labels)


def _blocks(documents: Sequence[Document], tokenizer: Any, length: int) -> Samples:
    stream: list[int] = []
    encoded = tokenizer([document.text for document in documents], add_special_tokens=False, verbose=False)
    for tokens in encoded["input_ids"]:
        stream += [*tokens, tokenizer.eos_token_id]
    rows = len(stream) // length
    if not rows:
        raise DataError(
            f"the text has {len(stream)} tokens in one half of its split, a sample needs {length}",
            mend="give the shard more text or make samples shorter",
        )
    tokens = torch.tensor(stream[: rows * length], dtype=torch.int32).view(rows, length).long()
    return Samples(tokens, torch.ones_like(tokens), tokens)
