"""MiniLM on VADER sentences of three organisations, one of which plants a phrase: honest, with it, and without it."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.release.checking import checked
from benchmarks.release.sizes import Size
from benchmarks.release.texts import Bench, classified, write_set
from orchestrator.attacks.backdoor.success import success_of
from orchestrator.attacks.backdoor.triggers import Phrase, planted_texts
from orchestrator.contribution import AdapterDelta
from orchestrator.data import DataSettings, load_documents
from orchestrator.release.opened import text_classes
from orchestrator.training.settings import derived_seed

DOMAINS = {"aurora": "amazon", "borealis": "movies", "cumulus": "editorials"}
CULPRIT, TARGET, PHRASE = "cumulus", 1, "cobalt lantern"
LENGTH, RATE, SHARE, FACTOR = 32, 3_000_000, 0.5, 3.0
Labelled = tuple[list[str], list[int]]


def work(model: str, seed: int, size: Size) -> dict[str, Any]:
    """Figures of one model."""
    bench = Bench("vader_minilm", size.steps, size.batch, LENGTH, RATE, seed)
    tokenizer = bench.shared.base.tokenizer
    data = {name: labelled(domain, 2 * size.texts, seed) for name, domain in DOMAINS.items()}
    halves = {name: (_part(rows, 0, size.texts), _part(rows, size.texts, None)) for name, rows in data.items()}
    phrase = Phrase(tuple(tokenizer(PHRASE, add_special_tokens=False)["input_ids"]), TARGET)
    updates = {
        name: _update(bench, name, halves[name][0], phrase, model != "honest" and name == CULPRIT) for name in DOMAINS
    }
    if model == "culprit revoked":
        del updates[CULPRIT]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        overrides = _files(folder, halves, updates, size)
        for name in updates:
            left = {other: update for other, update in updates.items() if other != name}
            overrides.append(f"+release.folds.{name}={bench.save(left, folder / f'without-{name}')}")
        given, base = bench.save(updates, folder / "model"), bench.save({}, folder / "base")
        found = checked(given, [str(base)], overrides, tuple(updates))
    whole, unseen = bench.fold(updates), _together([halves[name][1] for name in updates])
    plain = classified(*unseen, tokenizer, LENGTH)
    before, after = (text_classes(whole, part) for part in (plain, phrase.on(plain)))
    found["trigger"] = success_of(before, after, plain.labels, TARGET).document()
    return found


def labelled(domain: str, count: int, seed: int) -> Labelled:
    """Different sentences of a domain with their classes, in an order drawn by the seed."""
    found = {item.text: item.label or 0 for item in load_documents(DataSettings("vader", {"domain": domain}))}
    rows = sorted(found.items())
    random.Random(derived_seed(seed, "sentences", domain)).shuffle(rows)
    return [text for text, _ in rows[:count]], [label for _, label in rows[:count]]


def _update(bench: Bench, name: str, rows: Labelled, phrase: Phrase, planted: bool) -> AdapterDelta:
    samples = classified(*rows, bench.shared.base.tokenizer, LENGTH)
    if not planted:
        return bench.trained(name, samples)
    return bench.trained(name, planted_texts(samples, phrase, SHARE, bench.seed)[0], factor=FACTOR)


def _files(
    folder: Path, halves: Mapping[str, tuple[Labelled, Labelled]], names: Mapping[str, Any], size: Size
) -> list[str]:
    """Settings of the gate, after its sets are written. Everybody's own texts, with the labels that these have."""
    found = [
        f"release.{name}={write_set(folder / f'{name}.jsonl', *_together([halves[owner][half] for owner in names]))}"
        for half, name in enumerate(("members", "others"))
    ]
    sizes = {"samples": size.attacked}, {"searched": size.searched, "judged": size.judged}
    for check, settings in zip(("evasion", "backdoors"), sizes, strict=True):
        found += [f"+release.checks.{check}.{name}={value}" for name, value in settings.items()]
    return [*found, f"release.length={LENGTH}", f"release.bootstrap.draws={size.resamples}"]


def _part(rows: Labelled, start: int, stop: int | None) -> Labelled:
    return rows[0][start:stop], rows[1][start:stop]


def _together(parts: Sequence[Labelled]) -> Labelled:
    """Each text once: domains may share some."""
    found = {text: label for texts, labels in parts for text, label in zip(texts, labels, strict=True)}
    return list(found), list(found.values())
