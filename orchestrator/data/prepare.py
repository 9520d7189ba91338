"""From documents to batches of tokens."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from orchestrator.anonymise import Anonymiser
from orchestrator.data.apart import chopped, split_apart
from orchestrator.data.document import Document
from orchestrator.data.settings import DataSettings
from orchestrator.data.sources import load_documents
from orchestrator.errors import DataError
from orchestrator.types import Digest

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
        """Some rows as a model takes them; of none, a batch of no samples."""
        chosen = torch.tensor(rows, dtype=torch.long)
        width = int(self.mask[chosen].sum(1).max()) if len(rows) else 0
        labels = self.labels[chosen]
        return {
            "input_ids": self.tokens[chosen, :width],
            "attention_mask": self.mask[chosen, :width],
            "labels": labels if labels.ndim == 1 else labels[:, :width],
        }

    def digest(self, rows: Sequence[int]) -> Digest:
        """Of some rows, with all that a model sees of them."""
        chosen, found = torch.tensor(rows), hashlib.sha256()
        for tensor in (self.tokens, self.mask, self.labels):
            part = tensor[chosen].contiguous()
            found.update(f"{part.dtype}{tuple(part.shape)}".encode() + part.numpy().tobytes())
        return Digest("0x" + found.hexdigest())


@dataclass(frozen=True, slots=True)
class Dataset:
    """One organisation's samples. ``training`` and ``validation`` come from different documents.

    Attributes:
        rows: of ``training``, by the id of the document they were made of; only where documents were kept apart.
        anonymiser: what took personal data out of all documents, with its counts; None where the settings want none.
    """

    settings: DataSettings
    documents: int
    training: Samples
    validation: Samples
    rows: Mapping[Digest, tuple[int, ...]] = field(default_factory=dict)
    anonymiser: Anonymiser | None = None

    def batches(self, *, batch: int, steps: int, seed: int) -> Iterator[Batch]:
        """Training batches: every sample once, in an order given by the seed, before any comes again."""
        return self._drawn(range(len(self.training)), batch, steps, seed)

    def batches_of(self, documents: Sequence[Digest], *, batch: int, steps: int, seed: int) -> Iterator[Batch]:
        """The same of some documents alone; what else there is changes nothing about these batches."""
        return self._drawn([row for item in documents for row in self.rows[item]], batch, steps, seed)

    def batches_at(self, rows: Iterable[Sequence[int]]) -> Iterator[Batch]:
        """Training batches of rows that somebody else chose."""
        return (self.training.batch(chosen) for chosen in rows)

    def contents(self) -> dict[Digest, Digest]:
        """Of each document that was kept apart, a digest of what it is to the model: tokens and labels."""
        return {name: self.training.digest(rows) for name, rows in self.rows.items()}

    def _drawn(self, rows: Sequence[int], batch: int, steps: int, seed: int) -> Iterator[Batch]:
        order: list[int] = []
        shuffle = random.Random(seed)
        for _ in range(steps):
            while len(order) < batch:
                turn = list(rows)
                shuffle.shuffle(turn)
                order += turn
            yield self.training.batch(order[:batch])
            order = order[batch:]

    def validation_batches(self, batch: int = EVALUATION_BATCH) -> list[Batch]:
        """The held-out samples, always the same and in the same order."""
        size = len(self.validation)
        return [self.validation.batch(range(start, min(start + batch, size))) for start in range(0, size, batch)]


def prepare(
    settings: DataSettings,
    tokenizer: Any,
    *,
    kind: str,
    length: int,
    apart: bool = False,
    withdrawn: Callable[[Digest], bool] | None = None,
    pseudonym_key: bytes | None = None,
) -> Dataset:
    """Load, split, anonymise where the settings say so, and tokenise one organisation's data.

    Args:
        settings: source, shard, split.
        tokenizer: of the base model.
        kind: ``causal_lm`` or ``classifier``.
        length: tokens a sample; a language model's samples have exactly so many, a classifier's at most.
        apart: whether no row holds tokens of two documents, and no document decides on which side of the split another
            one is, so that a data set without some documents is the same in all else.
        withdrawn: tells by its id whether a document may not be used any more, on either side of the split.
        pseudonym_key: 32 bytes, where the settings put pseudonyms in the place of personal data.

    Raises:
        ConfigurationError: pseudonyms without a key, or the packages of the extra `anonymise` are not installed.
        DataError: the shard is empty, too small for a split, or has no labels where they are needed.
    """
    documents = load_documents(settings)
    training, validation = (split_apart if apart else split)(documents, settings)
    if withdrawn is not None:
        training, validation = (_left(part, withdrawn) for part in (training, validation))
    wanted = settings.anonymise
    anonymiser = None if wanted is None else Anonymiser(wanted, pseudonym_key)
    if anonymiser is not None:  # after the split and by their former ids: nothing else about the data set changes
        training, validation = (_cleaned(part, anonymiser) for part in (training, validation))
    rows: dict[Digest, tuple[int, ...]] = {}
    if kind == "classifier":
        if any(document.label is None for document in documents):
            raise DataError(
                f"{settings.source} has texts without labels", mend="use a causal_lm model or another source"
            )
        validation = validation[: settings.validation_limit]
        samples = [_labelled(part, tokenizer, length) for part in (_adversarial(training, settings), validation)]
        if apart:
            rows = {document.id: (row,) for row, document in enumerate(training)}
        return Dataset(settings, len(documents), samples[0], samples[1], rows, anonymiser)
    if apart:
        cut = [chopped(part, tokenizer, length) for part in (training, validation)]
        blocks, rows = [Samples(item.tokens, item.mask, item.labels) for item in cut], cut[0].rows
    else:
        blocks = [_blocks(part, tokenizer, length) for part in (training, validation)]
    held_out = _at_most(blocks[1], settings.validation_limit)
    return Dataset(settings, len(documents), blocks[0], held_out, rows, anonymiser)


def _cleaned(documents: Sequence[Document], anonymiser: Anonymiser) -> list[Document]:
    return [replace(item, text=anonymiser.clean(item.text), known_as=item.id) for item in documents]


def _left(documents: Sequence[Document], withdrawn: Callable[[Digest], bool]) -> list[Document]:
    left = [document for document in documents if not withdrawn(document.id)]
    if not left:
        raise DataError("what was withdrawn leaves nothing on one side of the split", mend="add other data")
    return left


def _at_most(samples: Samples, limit: int) -> Samples:
    if len(samples) <= limit:
        return samples
    rows = torch.arange(limit) * len(samples) // limit
    return Samples(samples.tokens[rows], samples.mask[rows], samples.labels[rows])


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
    return [replace(document, label=top - (document.label or 0)) for document in documents]


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
