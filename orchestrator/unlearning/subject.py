"""What unlearning works on: a model at its effective weights, what it is for, the data, and how long it may take.

A model with LoRA is given folded, base + ΔW, so that no factor is anywhere: B·G and G⁻¹·A are the same subject. What
measures or changes "the weights" does so on ΔW = θ − base; without a base, for a whole network, ΔW is θ itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.refusal import NotFinite

Batch = Mapping[str, Tensor]
"""Inputs as a model takes them, and ``labels``; images lie under ``pixel_values``."""

Batches = Callable[[int], Iterator[Batch]]
"""A seed to endless shuffled batches."""

Progress = Callable[[int, int, float], None]
"""Called after every step with (step from 1, steps, loss)."""

NORMS = nn.modules.batchnorm._NormBase
"""Modules with running figures."""


class Task(Protocol):
    """What a model is for; see :mod:`orchestrator.unlearning.tasks`."""

    def losses(self, model: Any, batch: Batch) -> Tensor:
        """(samples,): nats a sample; of a language model the mean over a sequence's tokens."""
        ...

    def logits(self, model: Any, batch: Batch) -> Tensor:
        """(samples, classes), or (samples, tokens, vocabulary); float32."""
        ...

    def wrong_labels(self, batch: Batch, generator: torch.Generator) -> Batch:
        """The batch with another label in each place that has one, all others equally likely."""
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of what may change in a model: some parameters, and all buffers."""

    parameters: Mapping[str, Tensor]
    buffers: Mapping[str, Tensor]


@dataclass(slots=True)
class Subject:
    """A model that is to forget something.

    Attributes:
        model: at its effective weights, float32. task: what it is for.
        names: parameters that may change; all others keep their bits.
        base: θ without the adaptation, for every name; None for a whole network.
        origin: θ₀ where it is not what a method is given: a chain sets it for its later methods.

    Raises:
        ConfigurationError: the model has no such parameter, one is not float32, or the base does not fit.
    """

    model: nn.Module
    task: Task
    names: tuple[str, ...]
    base: Mapping[str, Tensor] | None = None
    origin: Snapshot | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        there = dict(self.model.named_parameters())
        if not self.names or len(set(self.names)) != len(self.names):
            raise ConfigurationError("no parameter may change, or one is named twice", mend="name each of them once")
        for name in self.names:
            if name not in there:
                raise ConfigurationError(f"the model has no parameter {name}", mend="see model.named_parameters()")
            if there[name].dtype != torch.float32:
                raise ConfigurationError(f"{name} is {there[name].dtype}", mend="load the model in float32")
            if self.base is not None and (name not in self.base or self.base[name].shape != there[name].shape):
                raise ConfigurationError(f"the base has no {name} of this shape", mend="give base weights of each name")

    @classmethod
    def whole(cls, model: nn.Module, task: Task) -> Subject:
        """All of a network."""
        return cls(model, task, tuple(name for name, _ in model.named_parameters()))

    @classmethod
    def adapted(cls, model: nn.Module, task: Task, base: Mapping[str, Tensor]) -> Subject:
        """The adapted weights of a model: those that a base is given of.

        Args:
            model: folded, so that it holds base + ΔW. base: weights without the adaptation, by parameter.
        """
        return cls(model, task, tuple(base), dict(base))

    @property
    def device(self) -> torch.device:
        return next(iter(self.model.parameters())).device

    def parameters(self) -> dict[str, nn.Parameter]:
        """Those that may change, in the order of ``names``."""
        there = dict(self.model.named_parameters())
        return {name: there[name] for name in self.names}

    def base_of(self, name: str) -> Tensor | None:
        """One base weight where the model is."""
        return None if self.base is None else self.base[name].to(self.device)

    def delta(self, *, graph: bool = False) -> dict[str, Tensor]:
        """ΔW by name, copies; with ``graph`` such that gradients pass through."""
        found = {}
        for name, parameter in self.parameters().items():
            base, own = self.base_of(name), parameter if graph else parameter.detach()
            found[name] = (own if graph else own.clone()) if base is None else own - base
        return found

    def scale_delta(self, factors: Mapping[str, Tensor]) -> None:
        """θ = base + factor · ΔW, in place and elementwise; a factor of 1 leaves the bits."""
        with torch.no_grad():
            for name, parameter in self.parameters().items():
                base, factor = self.base_of(name), factors[name].to(parameter.device)
                if base is None:
                    parameter.mul_(factor)
                else:
                    parameter.copy_(torch.where(factor == 1, parameter, base + (parameter - base) * factor))

    def snapshot(self) -> Snapshot:
        """What may change, copied where the model is."""
        parameters = {name: parameter.detach().clone() for name, parameter in self.parameters().items()}
        return Snapshot(parameters, {name: buffer.detach().clone() for name, buffer in self.model.named_buffers()})

    def restore(self, snapshot: Snapshot) -> None:
        """Bring the model to a snapshot, bit for bit."""
        buffers = dict(self.model.named_buffers())
        with torch.no_grad():
            for name, parameter in self.parameters().items():
                parameter.copy_(snapshot.parameters[name])
            for name, kept in snapshot.buffers.items():
                buffers[name].copy_(kept)

    @contextmanager
    def unchanged_on_failure(self) -> Iterator[Snapshot]:
        """Gives a snapshot of what the model is now; the model is that again if the block raises."""
        before, done = self.snapshot(), False
        try:
            yield before
            done = True
        finally:
            if not done:
                self.restore(before)

    @contextmanager
    def trainable(self) -> Iterator[None]:
        """Within the block gradients go to ``names`` only, and the model is in training mode.

        A batch norm's running figures change only where its own parameters may; elsewhere it stays as when evaluated.
        """
        with self._modes_kept():
            wanted = set(self.names)
            for name, parameter in self.model.named_parameters():
                parameter.requires_grad_(name in wanted)
            self.model.train()
            for prefix, module in self.model.named_modules():
                if isinstance(module, NORMS) and not self._owns(prefix, module):
                    module.eval()
            yield

    @contextmanager
    def evaluated(self, *, norms: bool = True) -> Iterator[None]:
        """Within the block the model is in evaluation mode.

        Args:
            norms: batch norms too. Without, they stay as they are: a teacher whose batch norms use other figures than
                its pupil's would differ from it although no weight does.
        """
        modes = [(module, module.training) for module in self.model.modules()]
        self.model.eval()
        try:
            for module, training in modes:
                if not norms and isinstance(module, NORMS):
                    module.training = training
            yield
        finally:
            for module, training in modes:
                module.training = training

    def check_finite(self, what: str) -> None:
        """See that no weight and no running figure became NaN or infinite.

        Raises:
            NotFinite: one did; names it and ``what`` was done.
        """
        for name, tensor in [*self.parameters().items(), *self._running()]:
            if not bool(torch.isfinite(tensor).all()):
                raise NotFinite(f"{name} after {what}")

    def _running(self) -> Iterator[tuple[str, Tensor]]:
        """Running figures by name; other buffers, such as masks of −∞, never change."""
        for prefix, module in self.model.named_modules():
            if isinstance(module, NORMS):
                yield from module.named_buffers(prefix)

    @contextmanager
    def _modes_kept(self) -> Iterator[None]:
        wishes = [(parameter, parameter.requires_grad) for parameter in self.model.parameters()]
        with self.evaluated():
            try:
                yield
            finally:
                for parameter, wish in wishes:
                    parameter.requires_grad_(wish)
                    parameter.grad = None

    def _owns(self, prefix: str, module: nn.Module) -> bool:
        own = [f"{prefix}.{name}" for name, _ in module.named_parameters(recurse=False)]
        return any(name in self.names for name in own) if own else self.base is None


class Elsewhere:
    """A model called at other weights than those it holds, which stay as they are.

    Args:
        model: whose code runs. state: parameters and buffers by name; gradients pass through them.
    """

    def __init__(self, model: nn.Module, state: Mapping[str, Tensor]) -> None:
        self._model = model
        self._state = dict(state)

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        return torch.func.functional_call(self._model, self._state, inputs, named)

    def parameters(self) -> Iterator[nn.Parameter]:
        return self._model.parameters()


@dataclass(frozen=True, slots=True)
class Data:
    """What is to be kept, and what is to be forgotten where that is at hand."""

    retain: Batches
    forget: Batches | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """Steps of Adam, its constant learning rate, and an L2 weight decay on ΔW.

    Raises:
        ConfigurationError: a number is out of bounds.
    """

    steps: int
    learning_rate: float
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        if self.steps < 0 or not self.learning_rate > 0 or not self.weight_decay >= 0:
            raise ConfigurationError(f"{self} has a number out of bounds", mend="give at least 0 steps, a rate above 0")


@dataclass(frozen=True, slots=True)
class Range:
    """A setting's usual value and its bounds; ``integer`` where only whole numbers make sense."""

    usual: float
    least: float
    most: float
    integer: bool = False


class Method(Protocol):
    """A way to forget; see :mod:`orchestrator.unlearning.methods`.

    Attributes:
        name: as in the settings. needs_forget: whether it cannot do without the data to forget.
        strength: the setting that forgets more the larger it is; None where there is none to tune.
        settings: all of them with their values. ranges: their bounds.
    """

    @property
    def name(self) -> str: ...
    @property
    def needs_forget(self) -> bool: ...
    @property
    def strength(self) -> str | None: ...
    @property
    def settings(self) -> Mapping[str, float]: ...
    @property
    def ranges(self) -> Mapping[str, Range]: ...

    def with_settings(self, **changed: float) -> Method:
        """The same method with some settings changed.

        Raises:
            ConfigurationError: it has no such setting, or the value is out of bounds.
        """
        ...

    def run(self, subject: Subject, data: Data, budget: Budget, *, seed: int, progress: Progress | None = None) -> None:
        """Change the subject in place. Equal arguments give equal bits on one device with one thread.

        Raises:
            ForgetDataMissing: there are no data to forget, where they are needed.
            NotFinite: a number is not. DataError: data end. The subject is then as it was before.
        """
        ...


def derived(seed: int, *parts: object) -> int:
    """A seed of 62 bits for one purpose of many."""
    text = "/".join(map(str, ("loranchor unlearning seed 1", seed, *parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 2
