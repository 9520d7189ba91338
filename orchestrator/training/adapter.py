"""A fresh LoRA adapter on a model, for as long as it is trained; the model's weights are the same bits afterwards."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from orchestrator.contribution import LowRank
from orchestrator.contribution.rules import ends_with
from orchestrator.errors import ConfigurationError
from orchestrator.training.settings import AdapterSettings


@dataclass(frozen=True, slots=True)
class Attached:
    """A model with its adapter, ready to be trained.

    Attributes:
        model: what computes the loss. layers: A and B by module, in the model's order.
        heads: parameters that are trained densely, by name. before: what they were.
    """

    model: Any
    layers: dict[str, tuple[nn.Parameter, nn.Parameter]]
    heads: dict[str, nn.Parameter]
    before: dict[str, Tensor]

    def factors(self, adapter: AdapterSettings) -> dict[str, LowRank]:
        """What the adapter has become, by module."""
        copied = {name: [item.detach().float().cpu().clone() for item in pair] for name, pair in self.layers.items()}
        return {name: LowRank(a, b, adapter.alpha, adapter.rslora) for name, (a, b) in copied.items()}

    def dense(self) -> dict[str, Tensor]:
        """What was added to the heads."""
        return {name: (parameter.detach() - self.before[name]).cpu() for name, parameter in self.heads.items()}


@contextmanager
def attached(model: Any, adapter: AdapterSettings) -> Iterator[Attached]:
    """Put an adapter on a frozen model, its factors drawn from torch's random numbers; afterwards take it off again.

    Raises:
        ConfigurationError: no module of the model has such a name.
    """
    heads = _heads(model, adapter)
    before = {name: parameter.detach().clone() for name, parameter in heads.items()}
    adapted = _attach(model, adapter)
    try:
        for parameter in heads.values():
            parameter.requires_grad_(True)
        yield Attached(adapted, _layers(model), heads, before)
    finally:
        _detach(adapted, model)
        with torch.no_grad():
            for name, parameter in heads.items():
                parameter.copy_(before[name])
                parameter.grad = None


def _heads(model: nn.Module, adapter: AdapterSettings) -> dict[str, nn.Parameter]:
    found = {
        name: parameter
        for name, parameter in model.named_parameters()
        if any(ends_with(name.rpartition(".")[0], ending) for ending in adapter.dense)
    }
    for ending in adapter.dense:
        if not any(ends_with(name.rpartition(".")[0], ending) for name in found):
            raise ConfigurationError(f"the model has no module {ending!r} to train densely")
    return found


def _attach(model: Any, adapter: AdapterSettings) -> Any:
    import peft

    for ending in adapter.modules:
        if not any(ends_with(name, ending) for name, _ in model.named_modules()):
            raise ConfigurationError(f"the model has no module {ending!r} to adapt", mend="see task.adapter.modules")
    config = peft.LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        use_rslora=adapter.rslora,
        target_modules=list(adapter.modules),
        lora_dropout=0.0,
        bias="none",
    )
    with warnings.catch_warnings():  # peft asks transformers by a name that transformers is giving up
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        return peft.get_peft_model(model, config)


def _detach(adapted: Any, model: Any) -> None:
    adapted.unload()
    if hasattr(model, "peft_config"):
        del model.peft_config
    model.requires_grad_(False)
    model.eval()


def _layers(model: Any) -> dict[str, tuple[nn.Parameter, nn.Parameter]]:
    """A and B of every adapted module."""
    from peft.tuners.lora import LoraLayer

    layers = {}
    for name, layer in model.named_modules():
        if isinstance(layer, LoraLayer):
            (key,) = layer.lora_A
            layers[name] = (layer.lora_A[key].weight, layer.lora_B[key].weight)
    return layers  # type: ignore[return-value]
