"""The cases of a preset: what a member sends, and who attacks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.harness import Configuration, Plan, Preset

SMOLLM, MINILM = "packaged:smollm2-135m", "packaged:minilm-l6"
TEXTS = {"default": (0, 1, 2, 3), "full": tuple(range(20))}
"""Texts of a case; the first few where its cells are long."""
FEW = {"default": 2, "full": 6}
GUESS = "guess"
NO_LOCK, NEITHER, KEY_KNOWN, FREE = "no-lock", "neither-known", "key-known", "free"


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a table.

    Attributes:
        group: its table. name: its row. model: base. rank: of the adapter. length: tokens of a text.
        batch: texts of a batch. source: whose gradient is attacked, A's or B's; ``guess`` for no attack.
        zero: whether B is zero, as in the first step of a fresh adapter. rounds: observations of one text, between
            which the adapter moves on. other_rounds: of other texts, from which a lock is learned before.
        steps: local steps in place of a gradient; 0 for the gradient. optimizer: of these. fresh: by the product's own
            training, of a fresh adapter. other_texts: whether each step has another text, all of which count.
        noise: σ of DP-SGD with clipping norm 1; negative for neither. strength: of a key-lock, millionths; 0 for none.
        knowledge: of the lock. few: whether its cells are long, so that there are few.
    """

    group: str
    name: str
    model: str = SMOLLM
    rank: int = 64
    length: int = 32
    batch: int = 1
    source: str = "A"
    zero: bool = False
    rounds: int = 1
    other_rounds: int = 0
    steps: int = 0
    optimizer: str = "sgd"
    fresh: bool = False
    other_texts: bool = False
    noise: float = -1.0
    strength: int = 0
    knowledge: str = NO_LOCK
    few: bool = False


def cases() -> list[Case]:
    """All, in the order of the tables."""
    return [*_gradients(), *_rounds(), *_lock(), *_noise(), *_updates(), *_encoder()]


def plan(preset: Preset) -> Plan:
    """Every case with its first text, then with its second, and so on; long ones have fewer."""
    texts = TEXTS[preset.name]
    cells = [cell_of(case, text) for text in texts for case in cases() if not case.few or text < FEW[preset.name]]
    return Plan(cells, seeds=texts, interval="95 % t-interval over texts")


def cell_of(case: Case, text: int) -> Configuration:
    return {**asdict(case), "text": text}


def case_of(cell: Configuration) -> Case:
    found: dict[str, Any] = {name: cell[name] for name in Case.__slots__}
    return Case(**found)


def _gradients() -> Iterator[Case]:
    group = "one gradient"
    yield Case(group, "no attack: the most frequent tokens", source=GUESS)
    yield Case(group, "r 64, 32 tokens")
    yield Case(group, "r 64, 32 tokens, from B's gradient", source="B")
    yield Case(group, "r 64, 32 tokens, B = 0", zero=True)
    yield Case(group, "r 64, 32 tokens, B = 0, from B's gradient", zero=True, source="B")
    yield Case(group, "r 64, four texts of 32 tokens", batch=4, few=True)
    yield Case(group, "r 64, 128 tokens", length=128, few=True)
    yield Case(group, "r 16, 32 tokens", rank=16)
    yield Case(group, "r 8, 32 tokens", rank=8)
    yield Case(group, "r 8, 128 tokens", rank=8, length=128)
    yield Case(group, "no attack: the most frequent of 128 tokens", source=GUESS, length=128)


def _rounds() -> Iterator[Case]:
    group = "gradients of one text in several rounds"
    for rounds in (2, 4, 8):
        yield Case(group, f"r 8, 128 tokens, {rounds} rounds", rank=8, length=128, rounds=rounds, few=True)


def _lock() -> Iterator[Case]:
    group = "key-lock"
    for strength in (100_000, 300_000, 1_000_000):
        told = f"strength {strength / 1e6:g}"
        yield Case(group, f"{told}: takes the mean of all locks", strength=strength, knowledge=NEITHER)
        yield Case(group, f"{told}: guesses three tokens", strength=strength, knowledge=FREE)
    told = "strength 1"
    yield Case(
        group, f"{told}: learned from 3 other rounds", strength=1_000_000, knowledge=FREE, other_rounds=3, few=True
    )
    yield Case(group, f"{told}: has the key", strength=1_000_000, knowledge=KEY_KNOWN)
    yield Case(
        group,
        f"{told}, r 8, 128 tokens, 8 rounds of one text: guesses three tokens",
        rank=8,
        length=128,
        rounds=8,
        strength=1_000_000,
        knowledge=FREE,
        few=True,
    )


def _noise() -> Iterator[Case]:
    group = "clipping and noise"
    for noise in (0.0, 1e-6, 1e-5, 1e-4, 1e-2, 1.0):
        yield Case(group, "clipping alone" if noise == 0 else f"σ {noise:g}", noise=noise)
    yield Case(group, "σ 1e-05, 8 rounds of one text", noise=1e-5, rounds=8, few=True)
    yield Case(group, "σ 1, 8 rounds of one text", noise=1.0, rounds=8, few=True)


def _updates() -> Iterator[Case]:
    group = "updates of local training"
    yield Case(group, "SGD, 4 steps on one text", steps=4)
    yield Case(group, "SGD, 4 steps on 4 texts", steps=4, other_texts=True, few=True)
    yield Case(group, "AdamW, 1 step", steps=1, optimizer="adamw")
    yield Case(group, "AdamW, 8 steps on one text", steps=8, optimizer="adamw")
    yield Case(group, "AdamW, 8 steps on 8 texts", steps=8, optimizer="adamw", other_texts=True)
    yield Case(group, "AdamW, 1 step, 8 rounds of one text", steps=1, optimizer="adamw", rounds=8, few=True)
    for rank in (8, 64):
        told = f"this product's: fresh adapter of r {rank}, 8 steps on 8 texts"
        yield Case(group, told, rank=rank, steps=8, fresh=True, other_texts=True)
    yield Case(group, f"{told}, from B", rank=64, steps=8, fresh=True, other_texts=True, source="B")


def _encoder() -> Iterator[Case]:
    group = "MiniLM, a classifier"
    for rank, zero in ((64, False), (64, True), (8, False)):
        for source in ("A", "B"):
            told = f"r {rank}, one sentence{', B = 0' if zero else ''}{', from B' if source == 'B' else ''}"
            yield Case(group, told, MINILM, rank, zero=zero, source=source)
