"""What all methods share: settings with bounds, seeds, and the descent by Adam. A method adds its formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.unlearning.refusal import ForgetDataMissing, NotFinite
from orchestrator.unlearning.subject import (
    Batch,
    Budget,
    Data,
    Elsewhere,
    Progress,
    Range,
    Snapshot,
    Subject,
    derived,
)


@dataclass(frozen=True)
class Job:
    """One run of one method, as its formula sees it.

    Attributes:
        name: of the method. settings: its values. origin: θ₀, what distances and teachers refer to.
        retain: batches to keep. forget: batches to forget; None where a method does without.
    """

    name: str
    subject: Subject
    budget: Budget
    settings: Mapping[str, float]
    seed: int
    origin: Snapshot
    retain: Iterator[Batch]
    forget: Iterator[Batch] | None
    progress: Progress | None = None

    def next_retain(self) -> Batch:
        """The next batch to keep."""
        return _next(self.retain, "retain")

    def next_forget(self) -> Batch:
        """The next batch to forget."""
        if self.forget is None:
            raise ForgetDataMissing(self.name)
        return _next(self.forget, "forget")

    def loss(self, batch: Batch) -> Tensor:
        """Mean loss of a batch, in nats."""
        return self.subject.task.losses(self.subject.model, batch).mean()

    def retain_loss(self) -> Tensor:
        """Mean loss of the next batch to keep."""
        return self.loss(self.next_retain())

    @contextmanager
    def teacher(self) -> Iterator[Elsewhere]:
        """The model at θ₀, without gradients and without dropout; its running figures are copies.

        Batch norms use the batch's own figures where the pupil's do.
        """
        state = {**self.origin.parameters, **{name: kept.clone() for name, kept in self.origin.buffers.items()}}
        with torch.no_grad(), self.subject.evaluated(norms=False):
            yield Elsewhere(self.subject.model, state)

    def generator(self, purpose: str) -> torch.Generator:
        """Random numbers of one purpose, drawn on the CPU whatever the device."""
        return torch.Generator().manual_seed(derived(self.seed, purpose))

    def descend(
        self,
        objective: Callable[[int], Tensor],
        *,
        steps: int | None = None,
        weight_decay: float | None = None,
        more_gradient: Callable[[int], None] | None = None,
    ) -> None:
        """Minimise by Adam with a constant learning rate; weight decay adds wd·ΔW to the gradient.

        Args:
            objective: step from 0 to a loss with its graph. steps: the budget's by default; as weight_decay.
            more_gradient: adds to the parameters' gradients after the backward pass.

        Raises:
            NotFinite: a loss is.
            DataError: the loss does not depend on what may change.
        """
        steps = self.budget.steps if steps is None else steps
        decay = self.budget.weight_decay if weight_decay is None else weight_decay
        optimizer = torch.optim.Adam(list(self.subject.parameters().values()), lr=self.budget.learning_rate)
        for step in range(steps):
            optimizer.zero_grad(set_to_none=True)
            loss = objective(step)
            value = self._checked(loss, step)
            torch.autograd.backward(loss)
            if more_gradient is not None:
                more_gradient(step)
            if decay:
                self._decay(decay)
            optimizer.step()
            if self.progress:
                self.progress(step + 1, steps, value)

    def _checked(self, loss: Tensor, step: int) -> float:
        value = float(loss.detach())
        if not math.isfinite(value):
            raise NotFinite(f"the loss of step {step + 1} of {self.name}")
        if not loss.requires_grad:
            raise DataError(
                f"the loss of {self.name} does not depend on anything that may change",
                mend="let more parameters change",
            )
        return value

    def _decay(self, decay: float) -> None:
        delta = self.subject.delta()
        for name, parameter in self.subject.parameters().items():
            part = decay * delta[name]
            parameter.grad = part if parameter.grad is None else parameter.grad.add_(part)


@dataclass(frozen=True)
class Recipe:
    """A method: its formula, its settings and what it needs; see :class:`orchestrator.unlearning.subject.Method`."""

    name: str
    body: Callable[[Job], None]
    needs_forget: bool
    strength: str | None = None
    ranges: Mapping[str, Range] = field(default_factory=dict)
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        usual = {name: found.usual for name, found in self.ranges.items()}
        object.__setattr__(self, "settings", {**usual, **self.settings})

    def with_settings(self, **changed: float) -> Recipe:
        """The same method with some settings changed.

        Raises:
            ConfigurationError: it has no such setting, or the value is out of bounds.
        """
        for name, value in changed.items():
            check_setting(self.name, name, value, self.ranges)
        return replace(self, settings={**self.settings, **{name: float(value) for name, value in changed.items()}})

    def run(self, subject: Subject, data: Data, budget: Budget, *, seed: int, progress: Progress | None = None) -> None:
        """Change the subject in place; torch's own random numbers are as before afterwards.

        Raises:
            DataError: no data to forget (ForgetDataMissing), data end, or a number is not finite (NotFinite); the
                subject is as it was then.
        """
        if self.needs_forget and data.forget is None:
            raise ForgetDataMissing(self.name)
        with subject.unchanged_on_failure() as before:
            retain = data.retain(derived(seed, "retain"))
            forget = None if data.forget is None else data.forget(derived(seed, "forget"))
            origin = before if subject.origin is None else subject.origin
            job = Job(self.name, subject, budget, self.settings, seed, origin, retain, forget, progress)
            with _seeded(subject.device, seed), subject.trainable():
                self.body(job)
            subject.check_finite(self.name)


def check_setting(method: str, name: str, value: float, ranges: Mapping[str, Range]) -> None:
    """See that a method has a setting and that a value is within its bounds.

    Raises:
        ConfigurationError: one of both is not so.
    """
    if name not in ranges:
        known = ", ".join(sorted(ranges)) or "it has none"
        raise ConfigurationError(f"{method} has no setting {name!r}", mend=f"its settings: {known}")
    bounds = ranges[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not bounds.least <= value <= bounds.most or (bounds.integer and value != int(value)):
        kind = "a whole number" if bounds.integer else "a number"
        raise ConfigurationError(
            f"{name} of {method} is {value!r}", mend=f"give {kind} from {bounds.least:g} to {bounds.most:g}"
        )


def _next(batches: Iterator[Batch], what: str) -> Batch:
    batch = next(batches, None)
    if batch is None:
        raise DataError(f"the data to {what} end before the steps do", mend="give endless batches")
    return batch


@contextmanager
def _seeded(device: torch.device, seed: int) -> Iterator[None]:
    """Dropout and the like draw from the seed within the block; afterwards they go on as if it had not been."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(derived(seed, "torch"))
        yield
