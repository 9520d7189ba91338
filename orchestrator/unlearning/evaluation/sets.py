"""The sets that an evaluation measures on: texts of files and packaged sources, one sample a text."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from orchestrator.attacks.rows import IGNORED
from orchestrator.data import DataSettings, Document, load_documents
from orchestrator.data.prepare import Samples, split
from orchestrator.errors import DataError
from orchestrator.types import Digest
from orchestrator.unlearning.evaluation.settings import Part
from orchestrator.unlearning.subject import Batch


class SetSettings(Protocol):
    """What settings say of sets; ``group`` is where they stand, for errors."""

    @property
    def sets(self) -> Mapping[str, tuple[Part, ...]]: ...

    @property
    def text(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def labels(self) -> tuple[str, ...] | None: ...

    @property
    def split_share(self) -> int: ...

    @property
    def split_seed(self) -> int: ...

    @property
    def samples(self) -> int: ...

    @property
    def length(self) -> int: ...

    @property
    def group(self) -> str: ...


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Samples of one set.

    Attributes:
        digest: of the texts and labels that they are made of.
        left_out: how many texts were not taken because another set has them, too.
    """

    name: str
    samples: Samples
    digest: Digest
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.samples)

    def batches(self, batch: int, rows: Sequence[int] | None = None) -> Iterator[Batch]:
        """All samples, or some, in order, once."""
        chosen = list(range(len(self))) if rows is None else list(rows)
        for start in range(0, len(chosen), batch):
            yield self.samples.batch(chosen[start : start + batch])

    def shuffled(self, batch: int, seed: int) -> Iterator[Batch]:
        """Endless batches: every sample once, in an order given by the seed, before any comes again."""
        generator = torch.Generator().manual_seed(seed)
        order: list[int] = []
        while True:
            while len(order) < batch:
                order += torch.randperm(len(self), generator=generator).tolist()
            yield self.samples.batch(order[:batch])
            order = order[batch:]


def load_sets(settings: SetSettings, tokenizer: Any, *, kind: str, classes: int) -> dict[str, EvaluationSet]:
    """Every set that the settings name, without repetitions, cut to ``settings.samples`` by a hash of the texts.

    Args:
        kind: ``classifier`` or ``causal_lm``. classes: of a classifier.

    Raises:
        DataError: a file cannot be read, a set is empty, a label is missing or no class, or most of a set's texts are
            in another from which it must be apart.
    """
    documents = {
        name: _documents(name, parts, settings, classes if kind == "classifier" else None)
        for name, parts in settings.sets.items()
    }
    found = {}
    for name, (texts, left_out) in _apart(documents, settings.group).items():
        if kind == "classifier":
            _check_labels(f"{settings.group}.{name}", texts, classes)
        chosen = sorted(texts, key=_place)[: settings.samples]
        found[name] = _set(name, chosen, tokenizer, kind, settings.length, left_out)
    return found


def _documents(name: str, parts: Sequence[Part], settings: SetSettings, classes: int | None) -> list[Document]:
    first: dict[str, Document] = {}
    for part in parts:
        for document in _read(part, settings, classes):
            if document.text.strip():
                first.setdefault(document.text, document)
    if not first:
        raise DataError(f"{settings.group}.{name} holds no text", mend="give a file with texts")
    return list(first.values())


def _place(document: Document) -> bytes:
    return hashlib.sha256(f"loranchor evaluation 1/{document.text}".encode("utf-8", "surrogatepass")).digest()


def _read(part: Part, settings: SetSettings, classes: int | None) -> list[Document]:
    if part.file is not None:
        return _file(part.file, settings, labelled=classes is not None)
    data = DataSettings(
        part.source,
        part.shard or {},
        part.folder,
        validation_share=settings.split_share,
        seed=settings.split_seed,
    )
    documents = load_documents(data)
    if part.part != "all":
        documents = split(documents, data)[("training", "validation").index(part.part)]
    if part.adversary == "none" or classes is None:
        return documents
    return [Document(document.text, classes - 1 - (document.label or 0)) for document in documents]


def _file(path: Path, settings: SetSettings, *, labelled: bool) -> list[Document]:
    readers = {".csv": _csv_rows, ".jsonl": _jsonl_rows}
    if path.suffix not in readers:
        raise DataError(f"{path} is neither .csv nor .jsonl", mend="name the file by what it holds")
    try:
        rows = list(readers[path.suffix](path))
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {type(error).__name__} {error}", mend="check the file") from error
    return [_document(path, number, row, settings, labelled) for number, row in enumerate(rows, start=1)]


def _csv_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        yield from csv.DictReader(handle)


def _jsonl_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"a line is no JSON object: {line[:40]}")
            yield row


def _document(path: Path, number: int, row: Mapping[str, Any], settings: SetSettings, labelled: bool) -> Document:
    text = row.get(settings.text)
    if not isinstance(text, str):
        raise DataError(
            f"{path.name}, row {number}, has no text in {settings.text!r}",
            mend=f"name the column in {settings.group}.columns.text",
        )
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise DataError(f"{path.name}, row {number}, is not Unicode text", mend="write it without lone surrogates")
    return Document(
        text, _label(path, number, row.get(settings.label), settings.labels, settings.group) if labelled else None
    )


def _label(path: Path, number: int, value: Any, labels: Sequence[str] | None, group: str = "evaluation") -> int | None:
    if value is None or value == "":
        return None
    if labels is not None and str(value) in labels:
        return labels.index(str(value))
    if labels is None and not isinstance(value, bool) and re.fullmatch("[0-9]{1,9}", str(value)):
        return int(value)
    known = f"one of {', '.join(labels)}" if labels else f"a class number; name the classes in {group}.labels"
    raise DataError(f"{path.name}, row {number}, has the label {str(value)[:40]!r}", mend=f"it must be {known}")


def _check_labels(name: str, documents: Sequence[Document], classes: int) -> None:
    for document in documents:
        if document.label is None:
            raise DataError(f"{name} has a text without a label", mend="the model is a classifier: label all")
        if not 0 <= document.label < classes:
            raise DataError(f"{name} has the label {document.label}, the model has {classes} classes")


def _apart(documents: Mapping[str, list[Document]], group: str = "evaluation") -> dict[str, tuple[list[Document], int]]:
    """What was trained on and what was not cannot be one text, nor what is kept and what goes: such are left out."""
    texts_of = {name: {document.text for document in found} for name, found in documents.items()}
    kept = texts_of.get("retain", set())
    trained = kept.union(*(texts_of.get(name, set()) for name in ("canaries", "forget", "members")))
    taken = {"forget": kept} | dict.fromkeys(("test", "others", "population", "canary_references"), trained)
    found = {}
    for name, texts in documents.items():
        left = [document for document in texts if document.text not in taken.get(name, ())]
        if 2 * len(left) < len(texts):
            raise DataError(
                f"{len(texts) - len(left)} of {len(texts)} texts of {group}.{name} are in other sets, too",
                mend="give sets of different texts",
            )
        found[name] = left, len(texts) - len(left)
    return found


def _set(
    name: str, documents: Sequence[Document], tokenizer: Any, kind: str, length: int, left_out: int
) -> EvaluationSet:
    digest = hashlib.sha256(b"loranchor evaluation set 1\n")
    for document in documents:
        digest.update(json.dumps([document.text, document.label]).encode() + b"\n")
    texts = [document.text for document in documents]
    if kind == "classifier":
        samples = _classified(texts, [document.label or 0 for document in documents], tokenizer, length)
    else:
        samples = _continued(texts, tokenizer, length)
    return EvaluationSet(name, samples, Digest("0x" + digest.hexdigest()), left_out)


def _classified(texts: list[str], labels: list[int], tokenizer: Any, length: int) -> Samples:
    options: dict[str, Any] = {"truncation": True, "max_length": length, "padding": "max_length"}
    encoded = tokenizer(texts, return_tensors="pt", **options)
    return Samples(encoded["input_ids"], encoded["attention_mask"], torch.tensor(labels))


def _continued(texts: list[str], tokenizer: Any, length: int) -> Samples:
    """Each text after an end token, as in training, where texts follow each other: so its first token is predicted."""
    encoded = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    tokens = torch.full((len(texts), length), int(padding))
    labels, mask = torch.full((len(texts), length), IGNORED), torch.zeros(len(texts), length, dtype=torch.long)
    for row, found in enumerate(encoded):
        line = torch.tensor([tokenizer.eos_token_id, *found])[:length]
        tokens[row, : len(line)], labels[row, : len(line)], mask[row, : len(line)] = line, line, 1
    return Samples(tokens, mask, labels)
