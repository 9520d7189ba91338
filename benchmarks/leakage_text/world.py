"""A member's model and texts: a base model of the process, an adapter that was trained a little, rows of tokens."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor

from benchmarks.leakage_text.cases import MINILM
from orchestrator.attacks.inversion.text_victim import Batch, TextVictim
from orchestrator.cache import cache_folder
from orchestrator.data import Dataset, DataSettings, prepare
from orchestrator.lock_key import LockKey
from orchestrator.models import BaseModel, load_base, resolve
from orchestrator.privacy.keylock.lora import AdapterLock
from orchestrator.training.adapter import attached
from orchestrator.training.settings import AdapterSettings

WARM_STEPS, WARM_BATCH, RATE = 5, 4, 1e-3
"""What an adapter has behind it when it is attacked, on texts of others: AdamW."""
KEPT = 8
"""Adapters of members that are kept, so that cells about one member train it once: 15 MB each at rank 64."""
OWN, OTHERS = {"years": [1990, 2000]}, {"years": [1950, 1970]}
"""Speeches that victims train on, and those that everybody else has."""


class World:
    """One base model; with an adapter on q and v (query and value) while a member is attacked."""

    def __init__(self, name: str) -> None:
        torch.set_num_threads(1)
        self.encoder = name == MINILM
        kind: Any = "classifier" if self.encoder else "causal_lm"
        self.base: BaseModel = load_base(resolve(name, cache=cache_folder()), kind=kind, cache=cache_folder())
        self._warm: dict[tuple[int, int, int], list[Tensor]] = {}

    @cache  # noqa: B019 -- worlds live as long as their process
    def dataset(self, length: int, own: bool) -> Dataset:
        """Speeches, or of the encoder movie and product reviews."""
        if self.encoder:
            settings = DataSettings("vader", {"domain": "movies" if own else "amazon"})
        else:
            settings = DataSettings("sotu", OWN if own else OTHERS)
        return prepare(settings, self.base.tokenizer, kind=self.base.kind, length=length)

    def batch(self, length: int, first: int, count: int = 1, *, own: bool = True) -> Batch:
        """Some texts, as the model takes them."""
        return self.dataset(length, own).training.batch(range(first, first + count))

    def common(self, length: int, count: int) -> tuple[int, ...]:
        """The most frequent tokens of others' texts, the most frequent first."""
        samples = self.dataset(length, False).training
        seen = Counter(samples.tokens[samples.mask.bool()].tolist())
        return tuple(token for token, _ in seen.most_common(count))

    def settings(self, rank: int) -> AdapterSettings:
        return AdapterSettings(("query", "value") if self.encoder else ("q_proj", "v_proj"), rank, 2 * rank)

    @contextmanager
    def member(self, rank: int, *, zero: bool = False, strength: int = 0, seed: int = 0) -> Iterator[TextVictim]:
        """A member whose adapter has been trained on others' texts; not if B is to be zero.

        Args:
            strength: of its key-lock, millionths; 0 for none. seed: of the adapter's start and of the key.
        """
        weights = dict(self.base.model.named_parameters())
        with ExitStack() as stack:
            torch.manual_seed(seed)
            made = stack.enter_context(attached(self.base.model, self.settings(rank)))
            made.model.eval()
            key = LockKey(1, hashlib.sha256(f"leakage-text/{seed}".encode()).digest())
            lock = AdapterLock.of(key, strength, made.layers, weights) if strength else None
            member = TextVictim(made.model, made.layers, lock)
            if not zero:
                self._warmed(member, (rank, strength, seed))
            yield member

    def _warmed(self, member: TextVictim, which: tuple[int, int, int]) -> None:
        """The adapter of that member as it is attacked: trained, or as it was when it had been trained before."""
        parameters = [factor for pair in member.layers.values() for factor in pair]
        known = self._warm.pop(which, None)
        if known is None:
            self.train(member, WARM_STEPS, which[-1])
            known = [parameter.detach().clone() for parameter in parameters]
        with torch.no_grad():
            for parameter, old in zip(parameters, known, strict=True):
                parameter.copy_(old)
        self._warm[which] = known
        while len(self._warm) > KEPT:
            del self._warm[next(iter(self._warm))]

    def train(self, member: TextVictim, steps: int, turn: int) -> None:
        """Train the adapter in place on texts of others, as the rounds between two observations do."""
        parameters = [factor for pair in member.layers.values() for factor in pair]
        before = [factor.detach().clone() for factor in parameters]
        first = WARM_BATCH * WARM_STEPS * turn
        batches = [self.batch(32, first + WARM_BATCH * step, WARM_BATCH, own=False) for step in range(steps)]
        changed = member.update(batches, RATE, "adamw").tensors.values()
        with torch.no_grad():
            for parameter, old, change in zip(parameters, before, changed, strict=True):
                parameter.copy_(old + change)


@cache
def world(name: str) -> World:
    return World(name)


def tokens_of(batch: Batch) -> list[int]:
    """All tokens of a batch but its padding, in order."""
    mask: Tensor = batch["attention_mask"].bool()
    return [int(token) for token in batch["input_ids"][mask]]
