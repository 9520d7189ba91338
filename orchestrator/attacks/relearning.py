"""The relearning attack: fine-tune on retained data and k forgotten examples, and see what comes back.

Source: Siddiqui and others, arXiv 2505.22310: Adam on retain ∪ k forget examples, k ∈ {0, 1, 5, 10, 50, 100}, evaluated
every 10 steps on a fixed held-out 80 % of the forget set, with the retrained model under the same attack beside it.
k = 0 is the attack of whoever only has retained data.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from orchestrator.attacks.rows import cut, joined, single_rows
from orchestrator.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from orchestrator.unlearning.subject import Batch, Batches, Subject

SEEN_SHARE = 0.2
"""Part of a forget set that attackers may have; the rest is only ever measured on."""
Progress = Callable[[int, int], None]
"""Called after every step with (step from 1, steps)."""


@dataclass(frozen=True, slots=True)
class RelearningSettings:
    """What the attacker does.

    Attributes:
        steps: of Adam, without weight decay. learning_rate: constant. every: steps between two measurements.
        batch: rows of a step. forget_share: part of all rows that come from the k examples, each of them as often as
            any other; :func:`union_share` gives that of the paper's plain union, more is a stronger attacker.
    """

    steps: int
    learning_rate: float
    every: int = 10
    batch: int = 32
    forget_share: float = 0.25

    def __post_init__(self) -> None:
        if min(self.steps, self.every, self.batch) < 1:
            raise ConfigurationError("an attack's steps, every and batch are natural numbers from 1")
        if not (0 < self.learning_rate < math.inf and 0 < self.forget_share <= 1):
            raise ConfigurationError("an attack needs a learning rate above 0 and a forget_share in (0, 1]")


@dataclass(frozen=True, slots=True)
class Curve:
    """What was measured after how many steps; step 0 is before the attack, the last is its end."""

    steps: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def last(self) -> float:
        """Where the attack ended."""
        return self.values[-1]

    @property
    def highest(self) -> float:
        """The best that an attacker who knows when to stop gets."""
        return max(self.values)

    def steps_to(self, value: float) -> int | None:
        """Relearn time: the first measured step that reached ``value``; None if none did."""
        return next((step for step, found in zip(self.steps, self.values, strict=True) if found >= value), None)


def union_share(retain: int, k: int) -> float:
    """Share of the k examples among the rows of retain ∪ k, for a retain set of that many rows."""
    return k / (retain + k)


def held_out_split(count: int, *, share: float = SEEN_SHARE, seed: int = 0) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rows of a forget set that attackers draw from, and those that they are measured on; they share none.

    The split is fixed: one seed for all attacks, so that all are measured on the same rows.

    Raises:
        DataError: fewer than two rows, or one part would be empty.
    """
    seen = round(count * share)
    if not 0 < seen < count:
        raise DataError(f"a forget set of {count} samples has no part to be held out", mend="give at least 5 samples")
    order = list(range(count))
    random.Random(f"loranchor relearning split 1/{seed}").shuffle(order)
    return tuple(sorted(order[:seen])), tuple(sorted(order[seen:]))


def draw(seen: Sequence[int], k: int, seed: int) -> tuple[int, ...]:
    """The k rows that an attack gets; a smaller k gets a part of those of a larger one.

    Raises:
        ConfigurationError: there are not so many.
    """
    if not 0 <= k <= len(seen):
        raise ConfigurationError(
            f"an attack cannot have {k} examples where {len(seen)} are not held out",
            mend="ask for a smaller k, or give a larger forget set",
        )
    order = sorted(seen)
    random.Random(f"loranchor relearning examples 1/{seed}").shuffle(order)
    return tuple(order[:k])


def relearn(
    subject: Subject,
    retain: Batches | None,
    forget_examples: Sequence[Batch],
    settings: RelearningSettings,
    measure: Callable[[], float],
    *,
    seed: int,
    progress: Progress | None = None,
) -> Curve:
    """Attack the subject, and put it back to the bit.

    Args:
        subject: what was unlearnt, or the retrained model; ``subject.names`` are what the attacker trains.
        retain: batches of retained data; None for an attacker who only has the examples.
        forget_examples: the k examples, in batches of any size; empty for k = 0.
        measure: called in evaluation mode, without gradients; must not look at the k examples.
        seed: of the order of everything.

    Raises:
        ConfigurationError: neither retained data nor an example is given.
        DataError: the loss is not finite, or the retained data end.
    """
    rows = single_rows(forget_examples)
    if retain is None and not rows:
        raise ConfigurationError("a relearning attack needs retained data, or examples of what was forgotten")
    before, device = subject.snapshot(), subject.device
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), subject.trainable():
            torch.manual_seed(seed)  # of dropout
            return _attack(subject, _mixed(subject, retain, rows, settings, seed), settings, measure, progress)
    finally:
        subject.restore(before)


def _attack(
    subject: Subject,
    batches: Iterator[Batch],
    settings: RelearningSettings,
    measure: Callable[[], float],
    progress: Progress | None,
) -> Curve:
    optimizer = torch.optim.Adam(subject.parameters().values(), lr=settings.learning_rate)
    steps, values = [0], [_measured(subject, measure)]
    for step in range(1, settings.steps + 1):
        loss = subject.task.losses(subject.model, next(batches)).mean()
        if not math.isfinite(float(loss.detach())):
            raise DataError(f"the attack's loss of step {step} is not finite", mend="lower its learning rate")
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
        if step % settings.every == 0 or step == settings.steps:
            steps.append(step)
            values.append(_measured(subject, measure))
        if progress:
            progress(step, settings.steps)
    return Curve(tuple(steps), tuple(values))


def _measured(subject: Subject, measure: Callable[[], float]) -> float:
    with subject.evaluated(), torch.no_grad():
        return float(measure())


def _mixed(
    subject: Subject, retain: Batches | None, rows: Sequence[Batch], settings: RelearningSettings, seed: int
) -> Iterator[Batch]:
    """Batches of ``settings.batch`` rows, ``forget_share`` of them, over all steps, out of ``rows``."""
    padding = int(getattr(getattr(subject.model, "config", None), "pad_token_id", None) or 0)
    kept = None if retain is None else retain(seed)
    turn = _in_turn(rows, seed)
    share = 1.0 if retain is None else settings.forget_share if rows else 0.0
    given = 0
    for step in range(1, settings.steps + 1):
        wanted = math.floor(step * share * settings.batch + 1e-9) - given
        given += wanted
        parts = [] if kept is None or wanted == settings.batch else [cut(_next(kept), settings.batch - wanted)]
        yield joined([*parts, *(next(turn) for _ in range(wanted))], padding)


def _next(batches: Iterator[Batch]) -> Batch:
    batch = next(batches, None)
    if batch is None:
        raise DataError("the retained data end before the attack does", mend="give endless batches, or fewer steps")
    return batch


def _in_turn(rows: Sequence[Batch], seed: int) -> Iterator[Batch]:
    """Every row once, in an order given by the seed, before any comes again; endless."""
    shuffle = random.Random(f"loranchor relearning order 1/{seed}")
    while True:
        order = list(rows)
        shuffle.shuffle(order)
        yield from order
