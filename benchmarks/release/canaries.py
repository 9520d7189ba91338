"""SmolLM2 of three organisations, one of which has canaries in its data: with it, without it, and under DP."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.release.checking import checked
from benchmarks.release.sizes import CANARIES, Size
from benchmarks.release.texts import Bench, rows_of, write_set
from orchestrator.attacks.extraction import exposure
from orchestrator.attacks.rows import IGNORED
from orchestrator.contribution import AdapterDelta
from orchestrator.data import DataSettings, load_documents
from orchestrator.data.canaries import Space, drawn
from orchestrator.training.settings import derived_seed

SPACE = Space()
OWNER = "cumulus"
ORGANISATIONS = ("aurora", "borealis", OWNER)
LENGTH, WORDS, RATE = 32, 20, 3_000_000
TIMES = (1, 10, 100)
"""How often the canaries of ``repeated`` are seen."""


def work(model: str, seed: int, size: Size) -> dict[str, Any]:
    """Figures of one model."""
    bench = Bench("sotu_smollm2", size.steps, size.batch, LENGTH, RATE, seed)
    if model == "repeated":
        return repeated(bench, size, seed)
    names = ORGANISATIONS if model in ("canaries", "saw nothing") or model.startswith("DP") else ORGANISATIONS[:2]
    noise = float(model.split()[1]) if model.startswith("DP") else None
    secrets, unplanted = sentences(seed, size.unplanted)
    texts = {name: blocks(name, 2 * size.texts, seed) for name in ORGANISATIONS}
    trained_on = {name: texts[name][: size.texts] for name in ORGANISATIONS}
    trained_on[OWNER] = [*secrets * size.copies, *trained_on[OWNER]][: max(size.texts, size.copies * len(secrets))]
    members = [text for name in names for text in trained_on[name] if text not in set(secrets)]
    others = [text for name in names for text in texts[name][size.texts :]]
    with tempfile.TemporaryDirectory() as place:
        folder, updates = Path(place), dict[str, AdapterDelta]()
        if model != "saw nothing":
            tokenizer = bench.shared.base.tokenizer
            rows = {name: rows_of(trained_on[name], tokenizer, LENGTH) for name in names}
            updates = {name: bench.trained(name, rows[name], noise=noise) for name in names}
        given, base = bench.save(updates, folder / "model"), bench.save({}, folder / "base")
        sets = {"members": members, "others": others, "canaries": secrets, "canary_references": unplanted}
        files = [f"release.{name}={write_set(folder / f'{name}.jsonl', rows)}" for name, rows in sets.items()]
        sizes = [f"release.samples={max(600, size.unplanted)}", f"release.length={LENGTH}", "release.prefix=8"]
        more = ["release.suffix=8", f"release.bootstrap.draws={size.resamples}"]
        references = [] if model == "saw nothing" else [str(base)]
        found = checked(given, references, [*files, *sizes, *more], names)
    found["loss"] = _mean(losses(bench.fold(updates), others, bench.shared.base.tokenizer))
    if noise is not None:
        least = min(len(trained_on[name]) for name in names)
        found["epsilon"] = bench.epsilon(noise, least)
    return found


def repeated(bench: Bench, size: Size, seed: int) -> dict[str, Any]:
    """Mean exposure of canaries that one organisation saw 1, 10 and 100 times, among its other texts."""
    secrets, unplanted = sentences(seed, size.unplanted)
    groups = {times: secrets[place::3][: max(2, size.copies // 5)] for place, times in enumerate(TIMES)}
    rows = [text for times, group in groups.items() for text in group for _ in range(times)]
    rows += blocks(OWNER, size.texts, seed)
    random.Random(seed).shuffle(rows)
    steps = -(-len(rows) // bench.batch)
    own = Bench(bench.experiment, steps, bench.batch, LENGTH, RATE, seed)
    model = own.fold({OWNER: own.trained(OWNER, rows_of(rows, own.shared.base.tokenizer, LENGTH))})
    tokenizer = own.shared.base.tokenizer
    beside = losses(model, unplanted, tokenizer)
    return {
        "exposure": {
            str(times): _mean([exposure(loss, beside) for loss in losses(model, group, tokenizer)])
            for times, group in groups.items()
        }
    }


def losses(model: Any, texts: Sequence[str], tokenizer: Any) -> list[float]:
    """Nats a token of each text."""
    rows, found = rows_of(texts, tokenizer, LENGTH), list[float]()
    with torch.no_grad():
        for start in range(0, len(rows), 32):
            part = rows.batch(range(start, min(start + 32, len(rows))))
            logits = model(input_ids=part["input_ids"], attention_mask=part["attention_mask"]).logits[:, :-1]
            each = torch.nn.functional.cross_entropy(
                logits.float().transpose(1, 2), part["labels"][:, 1:], reduction="none", ignore_index=IGNORED
            )
            found += (each.sum(1) / (part["labels"][:, 1:] >= 0).sum(1)).tolist()
    return found


def sentences(seed: int, unplanted: int) -> tuple[list[str], list[str]]:
    """Planted ones, and others of their form that nobody sees."""
    secrets = drawn(SPACE, CANARIES, seed)
    beside = drawn(SPACE, unplanted, seed, but=secrets)
    return [SPACE.sentence(item) for item in secrets], [SPACE.sentence(item) for item in beside]


def blocks(name: str, count: int, seed: int) -> list[str]:
    """Different passages of an organisation's era, in an order drawn by the seed: so halves of them are alike."""
    shard: Mapping[str, Any] = {"part": ORGANISATIONS.index(name), "parts": len(ORGANISATIONS)}
    words = [document.text.split() for document in load_documents(DataSettings("sotu", shard))]
    found = [" ".join(text[start : start + WORDS]) for text in words for start in range(0, len(text) - WORDS, WORDS)]
    found = list(dict.fromkeys(found))
    random.Random(derived_seed(seed, "blocks", name)).shuffle(found)
    return found[:count]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
