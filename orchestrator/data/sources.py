"""Where documents come from. One function a source, and a registry."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orchestrator.cache import cache_folder
from orchestrator.data.document import Document
from orchestrator.data.settings import DataSettings
from orchestrator.errors import ConfigurationError, DataError

VADER_DOMAINS = {
    "amazon": "amazonReviewSnippets",
    "movies": "movieReviewSnippets",
    "editorials": "nytEditorialSnippets",
    "tweets": "tweets",
}
NEUTRAL = 0.5
"""A VADER sentence counts as positive or negative from this mean rating on; those between are left out."""
CHITCHAT_FILE = "chitchat.jsonl"
PIECE = 4_000
"""Text files are cut at line ends into pieces of about so many characters."""


def load_documents(settings: DataSettings) -> list[Document]:
    """The documents of one shard, without repetitions, in the source's order.

    Raises:
        ConfigurationError: unknown source, or a shard that the source cannot make out.
        DataError: the files are not there or not of the source's form, or the shard is empty.
    """
    read = _SOURCES.get(settings.source)
    if read is None:
        raise ConfigurationError(f"unknown data source {settings.source!r}", mend=f"choose one of {sources()}")
    first: dict[str, Document] = {}
    for document in _read(read, settings):
        if document.text.strip():
            first.setdefault(document.text, document)
    documents = list(first.values())
    if not documents:
        raise DataError(
            f"the shard {dict(settings.shard)} of {settings.source} is empty", mend="widen it or choose other files"
        )
    return documents


def _read(read: Callable[[DataSettings], list[Document]], settings: DataSettings) -> list[Document]:
    """Files and shards are people's own: whatever is wrong with them is told in one line."""
    try:
        return read(settings)
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise DataError(
            f"the shard {dict(settings.shard)} of {settings.source} cannot be read: {type(error).__name__} {error}",
            mend="check data.source, data.folder and the shard",
        ) from error


def sources() -> str:
    """Names of the sources there are."""
    return ", ".join(sorted(_SOURCES))


def _sotu(settings: DataSettings) -> list[Document]:
    speeches: list[dict[str, Any]] = []
    for file in _files(settings, "sotu", "*.json"):
        content = json.loads(file.read_text(encoding="utf-8"))
        speeches.extend(content if isinstance(content, list) else [content])
    speeches.sort(key=lambda speech: (speech["year"], speech["name"], speech["text"]))
    if "years" in settings.shard:
        first, last = settings.shard["years"]
        chosen = [speech for speech in speeches if first <= speech["year"] <= last]
    else:
        part, parts = _part(settings.shard)
        chosen = speeches[len(speeches) * part // parts : len(speeches) * (part + 1) // parts]
    return [Document(" ".join(speech["text"].split())) for speech in chosen]


def _vader(settings: DataSettings) -> list[Document]:
    domain = settings.shard.get("domain")
    if domain not in VADER_DOMAINS:
        raise ConfigurationError(f"vader has no domain {domain!r}", mend=f"choose one of {', '.join(VADER_DOMAINS)}")
    documents = []
    for file in _files(settings, "vader", f"{VADER_DOMAINS[domain]}_GroundTruth.txt"):
        for line in file.read_text(encoding="utf-8").splitlines():
            _, rating, text = line.split("\t", 2)
            if abs(float(rating)) > NEUTRAL:
                documents.append(Document(text.strip(), int(float(rating) > 0)))
    return documents


def _chitchat(settings: DataSettings) -> list[Document]:
    """A document is what one sender said in one conversation. Unmoderated: nothing of it may be printed."""
    (file,) = _files(settings, "chitchat", CHITCHAT_FILE)
    with file.open(encoding="utf-8") as lines:
        everybody = [json.loads(line) for line in lines]  # who said most first
    chosen = _senders(settings.shard, everybody)
    return [Document("\n".join(texts)) for item in chosen for texts in item["conversations"]]


def _senders(shard: Mapping[str, Any], everybody: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if "sender" in shard:
        return [item for item in everybody if item["sender"] == shard["sender"]]
    if "ranks" in shard:
        first, last = shard["ranks"]
        return everybody[first : last + 1]
    part, parts = _part(shard)
    return everybody[part::parts]


def _text(settings: DataSettings) -> list[Document]:
    documents = []
    for file in _files(settings, None, "*.txt"):
        piece, size = [], 0
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            piece.append(line)
            size += len(line) + 1
            if size >= PIECE:
                documents.append(Document("\n".join(piece)))
                piece, size = [], 0
        documents.append(Document("\n".join(piece)))
    return documents


def _csv(settings: DataSettings) -> list[Document]:
    text, label = settings.shard.get("text", "text"), settings.shard.get("label", "label")
    rows: list[dict[str, str]] = []
    for file in _files(settings, None, settings.shard.get("file", "*.csv")):
        with file.open(encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle)
            if text not in (reader.fieldnames or ()):
                raise DataError(
                    f"{file.name} has no column {text!r}", mend="name the columns in shard.text, shard.label"
                )
            rows.extend(reader)
    classes = {name: number for number, name in enumerate(settings.shard.get("labels") or _labels(rows, label))}
    strange = sorted({row[label] for row in rows if label in row} - classes.keys())
    if strange:
        raise DataError(
            f"label {strange[0]!r} is not in shard.labels", mend="list every label, in the same order for all"
        )
    return [Document(row[text] or "", classes.get(row.get(label, ""))) for row in rows]


def _labels(rows: list[dict[str, str]], label: str) -> list[str]:
    return sorted({row[label] for row in rows if label in row})


def _part(shard: Mapping[str, Any]) -> tuple[int, int]:
    part, parts = shard.get("part", 0), shard.get("parts", 1)
    if not 0 <= part < parts:
        raise ConfigurationError(f"a shard has no part {part} of {parts}", mend="parts count from 0")
    return part, parts


def _files(settings: DataSettings, packaged: str | None, pattern: str) -> list[Path]:
    if settings.folder is None and packaged is None:
        raise ConfigurationError(f"source {settings.source} needs data.folder")
    folder = settings.folder or cache_folder() / "data" / str(packaged)
    mend = "run `make setup`" if settings.folder is None else "check data.folder and the shard"
    if not folder.is_dir():
        raise DataError(f"no data folder at {folder}", mend=mend)
    files = sorted(folder.rglob(pattern))
    if not files:
        raise DataError(f"no {pattern} in {folder}", mend=mend)
    return files


_SOURCES: dict[str, Callable[[DataSettings], list[Document]]] = {
    "chitchat": _chitchat,
    "csv": _csv,
    "sotu": _sotu,
    "text": _text,
    "vader": _vader,
}
