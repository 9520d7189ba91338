"""One cell: a member is observed, attacked, and the tokens found are held against those of its text."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import chain
from typing import Any

from torch import Tensor

from benchmarks.harness import Configuration, Figures
from benchmarks.leakage_text.cases import FREE, GUESS, Case, case_of
from benchmarks.leakage_text.world import RATE, World, tokens_of, world
from orchestrator.attacks.inversion.dager import LIKELY, Dager
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.protocol import LocalSteps, Observation
from orchestrator.attacks.inversion.text_metrics import rouge, token_precision, token_recall
from orchestrator.attacks.inversion.text_victim import A, B, Batch, Noise, TextVictim
from orchestrator.contribution import AdapterDelta
from orchestrator.training.settings import TrainingSettings, derived_seed
from orchestrator.training.train import train
from orchestrator.types import Digest

SGD_RATE = 0.1
TASK_SEED, ORGANISATION = 0, "bench"
NOWHERE = Digest("0x" + "00" * 32)


def work(cell: Configuration) -> Figures:
    """Token recall and precision, ROUGE-1 and -2, what the attack says of itself, seconds of it alone.

    ``found`` and ``truth`` are there for speeches, which are in the public domain; reviews are not repeated.
    """
    case, place = case_of(cell), world(cell["model"])
    batches = _batches(place, case, 10 * cell["text"])
    truth = list(chain.from_iterable(map(tokens_of, batches)))
    if case.source == GUESS:
        return _figures(place, list(place.common(case.length, len(set(truth)))), truth, {}, 0.0)
    delta, seed = _trained(place, case, batches) if case.fresh else (None, cell["text"])
    with place.member(case.rank, zero=case.zero or case.fresh, strength=case.strength, seed=seed) as member:
        seen = _seen(place, member, case, batches) if delta is None else [_product(member, case, delta)]
        begin = time.perf_counter()
        made = _attack(place, member, case, len(batches)).together(member, seen)
        seconds = time.perf_counter() - begin
    return _figures(place, made.inputs[0].tolist(), truth, made.figures, seconds)


def _batches(place: World, case: Case, first: int) -> list[Batch]:
    """What the member computes on: one batch, or one for each of several steps."""
    count = case.steps if case.other_texts else 1
    return [place.batch(case.length, first + step, case.batch) for step in range(count)]


def _seen(place: World, member: TextVictim, case: Case, batches: list[Batch]) -> list[Observation]:
    """Observations of all rounds; between two, the adapter is trained on by others."""
    found = []
    for turn in range(case.rounds):
        if turn:
            place.train(member, 1, turn)
        if case.steps:
            steps = batches if case.other_texts else batches * case.steps
            rate = RATE if case.optimizer == "adamw" else SGD_RATE
            found.append(member.update(steps, rate, case.optimizer))  # type: ignore[arg-type]
        else:
            noise = None if case.noise < 0 else Noise(case.noise, seed=turn)
            found.append(member.observe(batches[0], noise))
    return found


def _trained(place: World, case: Case, batches: list[Batch]) -> tuple[AdapterDelta, int]:
    """What this product's training sends, and the seed of its adapter: of the task, the organisation and the round."""
    seed = derived_seed(TASK_SEED, ORGANISATION, 1)
    settings = TrainingSettings(case.steps, case.batch, case.length, round(RATE * 1e9))
    adapter = place.settings(case.rank)
    made = train(place.base.model, batches, adapter, settings, base=NOWHERE, parent_manifest=NOWHERE, seed=seed)
    return made.delta, seed


def _product(member: TextVictim, case: Case, delta: AdapterDelta) -> Observation:
    """It less the A that it began with: this member's, whose adapter was made from the public seed."""
    tensors: dict[str, Tensor] = {}
    for name, low in delta.modules.items():
        tensors |= {f"{name}.{A}": low.a - member.layers[name][0].detach(), f"{name}.{B}": low.b}
    return Observation(tensors, case.steps, LocalSteps(case.steps, RATE))


def _attack(place: World, member: TextVictim, case: Case, texts: int) -> Dager:
    deviation = Noise(case.noise).deviation(case.batch) if case.noise > 0 else 0.0
    source: Any = case.source
    tokens = case.length * case.batch * texts
    attack = Dager(tokens, Knowledge(case.knowledge), source, deviation, place.common(32, LIKELY))
    if case.knowledge == FREE and case.other_rounds:
        others = [member.observe(place.batch(case.length, 200 + turn)) for turn in range(case.other_rounds)]
        attack = replace(attack, estimate=attack.learned(member, others))
    return attack


def _figures(place: World, found: list[int], truth: list[int], told: Any, seconds: float) -> Figures:
    texts = [place.base.tokenizer.decode(tokens, skip_special_tokens=True) for tokens in (found, truth)]
    figures: dict[str, Any] = {
        "recall": token_recall(found, truth),
        "precision": token_precision(found, truth),
        "rouge 1": rouge(texts[0], texts[1], 1),
        "rouge 2": rouge(texts[0], texts[1], 2),
        "distinct": len(set(truth)),
        "seconds": seconds,
        "told": dict(told),
    }
    return figures if place.encoder else {**figures, "found": texts[0], "truth": texts[1]}
