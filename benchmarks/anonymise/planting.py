"""One cell: items of a kind planted into real sentences, or a corpus read as it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

from benchmarks.anonymise.generators import MAKERS, item_of
from orchestrator.anonymise import find
from orchestrator.data import DataSettings, load_documents
from orchestrator.data.sources import VADER_DOMAINS

SENTENCE = re.compile(r"(?<=[.!?])\s+")
SHOWN = 8
"""Of what was missed, so many are kept for the page; they belong to nobody."""


@cache
def texts(source: str, shard: str | None = None) -> tuple[str, ...]:
    """Documents of a packaged corpus, of VADER those of one domain."""
    settings = DataSettings(source, {} if shard is None else {"domain": shard})
    return tuple(document.text for document in load_documents(settings))


@cache
def carriers(source: str) -> tuple[str, ...]:
    """Sentences of 6 to 60 words that items are planted into, whatever else is in them."""
    if source == "sotu":
        found = [sentence for text in texts(source) for sentence in SENTENCE.split(text)]
    else:
        found = [text for domain in sorted(VADER_DOMAINS) for text in texts(source, domain)]
    return tuple(sentence for sentence in found if 6 <= len(sentence.split()) <= 60)


def work(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of a cell; ``what`` says of which sort."""
    if configuration["what"] == "corpus":
        return read(configuration["source"], configuration["shard"])
    return plant(configuration["kind"], configuration["count"], configuration["seed"])


def plant(kind: str, count: int, seed: int) -> dict[str, Any]:
    """Plant, look, and compare by place.

    Returns:
        planted: items. gone: of which no letter would be left, as whatever it was taken. exact: found as what it is,
        with the very bounds. found: everything found in those sentences. false: of that, what touches no planted item.
        missed: forms that were not wholly found, at most :data:`SHOWN`.
    """
    dice, figures = Random(f"loranchor anonymise 1/{kind}/{seed}"), Counter[str]()
    missed: list[str] = []
    for number in range(count):
        words = dice.choice(carriers(("sotu", "vader")[number % 2])).split(" ")
        planted = MAKERS[kind](dice)
        at = dice.randrange(1, len(words))
        before = " ".join(words[:at]) + " "
        text = before + planted + " " + " ".join(words[at:])
        start = len(before) + planted.index(item_of(kind, planted))
        end = start + len(item_of(kind, planted))
        spans = find(text)
        touching = [span for span in spans if span.start < end and start < span.end]
        gone = all(any(span.start <= place < span.end for span in touching) for place in range(start, end))
        figures["gone"] += gone
        figures["exact"] += any((span.start, span.end, span.kind) == (start, end, kind) for span in touching)
        figures["found"] += len(spans)
        figures["false"] += len(spans) - len(touching)
        if not gone and len(missed) < SHOWN:
            missed.append(planted)
    return {"planted": count, **{name: figures[name] for name in ("gone", "exact", "found", "false")}, "missed": missed}


def read(source: str, shard: str | None) -> dict[str, Any]:
    """Read a corpus in which nothing was planted.

    Returns:
        documents, characters, unchanged: documents that come back with the same bytes. found: items by kind. shown: of
        a corpus in the public domain, the items themselves.
    """
    corpus, found, shown, unchanged = texts(source, shard), Counter[str](), [], 0
    for text in corpus:
        spans = find(text)
        unchanged += not spans
        found.update(span.kind for span in spans)
        shown += [f"{span.kind}: {text[span.start : span.end]}" for span in spans if source == "sotu"]
    size = sum(map(len, corpus))
    counts = dict(sorted(found.items()))
    return {"documents": len(corpus), "characters": size, "unchanged": unchanged, "found": counts, "shown": shown}
