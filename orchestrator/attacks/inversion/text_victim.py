"""A member that trains a language model's adapter on texts, and what leaves it: a gradient, or an update.

Gradients may be made private as Opacus makes them: each sample's clipped to norm C over all that is trained, summed,
noise of σ·C on every number, divided by the samples. An update is what several local steps changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.protocol import LocalSteps, Observation
from orchestrator.attacks.inversion.text_view import Layers, TextView
from orchestrator.errors import ConfigurationError
from orchestrator.privacy.keylock.lora import AdapterLock

Batch = Mapping[str, Tensor]
"""As a model takes it: ``input_ids``, ``labels`` and, where there is padding, ``attention_mask``."""
A, B = "lora_A", "lora_B"
"""Endings of the observed tensors' names, after the module's."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Differential privacy of a gradient: σ and the norm C that each sample is clipped to."""

    multiplier: float
    clip: float = 1.0
    seed: int = 0

    def deviation(self, samples: int) -> float:
        """Of the noise on every number of a gradient of so many samples."""
        return self.multiplier * self.clip / samples


@dataclass(frozen=True)
class TextVictim:
    """A member.

    Attributes:
        model: with adapters, as :func:`orchestrator.training.adapter.attached` gives it, without dropout.
        layers: A and B by module. lock: the member's own; None for none.
    """

    model: Any
    layers: Layers
    lock: AdapterLock | None = field(default=None, repr=False)

    def view(self, knowledge: Knowledge) -> TextView:
        """What an attacker can run: all but the lock, and the lock only where it knows the key.

        Raises:
            ConfigurationError: that knowledge is of victims with a lock, and this one has none, or the other way round.
        """
        if knowledge.locked != (self.lock is not None):
            raise ConfigurationError(
                f"an attacker with knowledge {knowledge.value!r} does not go with a victim "
                f"{'without' if self.lock is None else 'with'} a lock"
            )
        return TextView(self.model, self.layers, self.lock if knowledge is Knowledge.KEY_KNOWN else None)

    def observe(self, batch: Batch, noise: Noise | None = None) -> Observation:
        """The gradient of one batch, with noise where it is given."""
        samples = int(batch["input_ids"].shape[0])
        with self._working():
            if noise is None:
                return Observation(self._gradient(batch), samples)
            total: dict[str, Tensor] = {}
            for row in range(samples):
                one = self._gradient({name: tensor[row : row + 1] for name, tensor in batch.items()})
                norm = float(torch.stack([tensor.double().norm() for tensor in one.values()]).norm())
                factor = min(1.0, noise.clip / max(norm, 1e-30))
                total = {name: factor * tensor + total.get(name, 0.0) for name, tensor in one.items()}
        return Observation(_noised(total, noise, samples), samples)

    def update(self, batches: Sequence[Batch], rate: float, optimizer: Literal["sgd", "adamw"] = "sgd") -> Observation:
        """What one step on each batch changes in A and B, which are put back afterwards.

        Args:
            rate: constant. optimizer: ``sgd``, or ``adamw`` without weight decay; gradients are clipped to norm 1.
        """
        parameters = [factor for pair in self.layers.values() for factor in pair]
        before = [parameter.detach().clone() for parameter in parameters]
        made = torch.optim.SGD(parameters, lr=rate) if optimizer == "sgd" else _adamw(parameters, rate)
        try:
            with self._working():
                for batch in batches:
                    made.zero_grad(set_to_none=True)
                    torch.autograd.backward(self.model(**batch).loss)
                    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
                    made.step()
            changed = [parameter.detach() - old for parameter, old in zip(parameters, before, strict=True)]
        finally:
            with torch.no_grad():
                for parameter, old in zip(parameters, before, strict=True):
                    parameter.copy_(old)
                    parameter.grad = None
        samples = sum(int(batch["input_ids"].shape[0]) for batch in batches)
        return Observation(self._named(changed), samples, LocalSteps(len(batches), rate))

    def _gradient(self, batch: Batch) -> dict[str, Tensor]:
        parameters = [factor for pair in self.layers.values() for factor in pair]
        return self._named(torch.autograd.grad(self.model(**batch).loss, parameters))

    def _named(self, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
        names = [f"{module}.{factor}" for module in self.layers for factor in (A, B)]
        return dict(zip(names, tensors, strict=True))

    @contextmanager
    def _working(self) -> Iterator[None]:
        if self.lock is None:
            yield
        else:
            with self.lock.on_inputs(self.model):
                yield


def _noised(total: Mapping[str, Tensor], noise: Noise, samples: int) -> dict[str, Tensor]:
    """A reproducible attack target, not a guarantee: the noise is of torch's generator."""
    generator = torch.Generator().manual_seed(noise.seed)
    deviation = noise.multiplier * noise.clip
    return {
        name: (tensor + deviation * torch.randn(tensor.shape, generator=generator).to(tensor.device)) / samples
        for name, tensor in total.items()
    }


def _adamw(parameters: Sequence[Tensor], rate: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameters, lr=rate, weight_decay=0.0)
