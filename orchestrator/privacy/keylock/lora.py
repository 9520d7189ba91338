"""The key-lock of a language model's adapter: what LoRA reads behind a norm is scaled and shifted by a secret γ and β.

The paper locks a convolution that is trained from nothing. A pretrained transformer needs its norms as they are, so
here the frozen weights go on reading the norm's output x, and only what members train together reads γ ⊙ x + β:

    y = W x + ΔW (γ ⊙ x + β) + s·B A (γ ⊙ x + β),

with ΔW what all contributions so far have added. It is what locking the norm itself comes to, if the frozen weights are
multiplied by the inverse of the lock. One lock a norm: q and v of a layer read the same one. γ = 1 + strength·u and
β = shift·w ⊙ v, where u and v are uniform with mean 0 and variance 1 and follow from the member's key, and w is the
norm's own weight. So the mean of all members' locks is no lock, which is what somebody without a key uses.

Everybody folds the same deltas; γ and β are never part of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from orchestrator.errors import ConfigurationError
from orchestrator.lock_key import LockKey
from orchestrator.privacy.keylock.behind import norm_before
from orchestrator.privacy.keylock.keys import uniform
from orchestrator.types import MILLION

Pair = tuple[Tensor, Tensor]
"""γ and β [inputs] of a module."""

_SPREAD = 3.0**0.5
"""A uniform number in ±√3 has variance 1."""


@dataclass(frozen=True, slots=True)
class AdapterLock:
    """γ and β of every locked module, by its name; a member's own, and secret."""

    pairs: Mapping[str, Pair] = field(repr=False)

    @classmethod
    def of(
        cls,
        key: LockKey,
        strength: int,
        modules: Iterable[str],
        weights: Mapping[str, Tensor],
        *,
        shift: int | None = None,
    ) -> AdapterLock:
        """Derive it.

        Args:
            strength: standard deviation of γ, millionths. shift: of β over the norm's weight; the same unless told.
            modules: that are adapted.
            weights: the base model's parameters by name; of them, those of the norms are read.

        Raises:
            ConfigurationError: a module reads no norm, so that no lock protects what is trained on it.
        """
        pairs = {}
        for module in modules:
            norm = norm_before(module)
            if norm is None or f"{norm}.weight" not in weights:
                raise ConfigurationError(
                    f"the key-lock cannot lock {module}: it reads no norm",
                    mend="adapt q_proj and v_proj (query and value of BERT), or choose another privacy policy",
                )
            weight = weights[f"{norm}.weight"].detach()
            pairs[module] = _pair(key, norm, weight, strength, strength if shift is None else shift)
        return cls(pairs)

    @contextmanager
    def on_inputs(self, adapted: Any) -> Iterator[None]:
        """Within the block what LoRA's A reads is locked, in the model that peft has wrapped.

        Raises:
            ConfigurationError: an adapted module has no lock.
        """
        from peft.tuners.lora import LoraLayer

        handles = []
        try:
            for name, layer in adapted.named_modules():
                if isinstance(layer, LoraLayer):
                    pair = self.pairs.get(name.removeprefix("base_model.model."))
                    if pair is None:
                        raise ConfigurationError(f"the key-lock has no lock for {name}")
                    for a in layer.lora_A.values():
                        handles.append(a.register_forward_pre_hook(_locking(pair)))
            yield
        finally:
            for handle in handles:
                handle.remove()

    @contextmanager
    def worn(self, model: nn.Module, pristine: Mapping[str, Tensor]) -> Iterator[None]:
        """Within the block what contributions have added is behind this lock; afterwards the weights have their bits.

        Args:
            model: at the fold of some contributions.
            pristine: values that its changed parameters have in the base; of a locked module, ΔW is the difference.
        """
        parameters, kept, handles = dict(model.named_parameters()), {}, []
        try:
            with torch.no_grad():
                for module, (scale, shift) in self.pairs.items():
                    name = f"{module}.weight"
                    base = pristine.get(name)
                    if base is None:
                        continue
                    weight = parameters[name]
                    added = weight - base
                    kept[name] = weight.detach().clone()
                    torch.addcmul(base, added, scale, out=weight)
                    handles.append(model.get_submodule(module).register_forward_hook(_adding(added @ shift)))
            yield
        finally:
            for handle in handles:
                handle.remove()
            with torch.no_grad():
                for name, value in kept.items():
                    parameters[name].copy_(value)


def _pair(key: LockKey, norm: str, weight: Tensor, strength: int, shift: int) -> Pair:
    def drawn(purpose: str, millionths: int) -> Tensor:
        values = torch.from_numpy(uniform(key, f"adapter/{norm}/{purpose}", weight.numel())).to(weight.device)
        return (2.0 * values - 1.0) * (_SPREAD * millionths / MILLION)

    return 1.0 + drawn("scale", strength), weight * drawn("shift", shift)


def _locking(pair: Pair) -> Callable[[nn.Module, tuple[Tensor, ...]], tuple[Tensor, ...]]:
    scale, shift = pair

    def hook(module: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (torch.addcmul(shift, given[0], scale), *given[1:])

    return hook


def _adding(constant: Tensor) -> Callable[[nn.Module, Any, Tensor], Tensor]:
    def hook(module: nn.Module, given: Any, output: Tensor) -> Tensor:
        return output + constant

    return hook
