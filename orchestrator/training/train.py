"""One LoRA update: a fresh adapter on the folded base, some AdamW steps, and the base as it was before."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from orchestrator.contribution import AdapterDelta, LowRank, Start
from orchestrator.contribution.rules import ends_with
from orchestrator.errors import ConfigurationError
from orchestrator.training.beginning import begin, conform
from orchestrator.training.settings import AdapterSettings, TrainingSettings
from orchestrator.training.steps import Keeper, Progress, Team, steps
from orchestrator.types import Digest


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """The delta, how many samples the steps saw, and the loss of each step."""

    delta: AdapterDelta
    samples: int
    losses: tuple[float, ...]


def train(
    model: Any,
    batches: Iterable[Mapping[str, Tensor]],
    adapter: AdapterSettings,
    settings: TrainingSettings,
    *,
    base: Digest,
    parent_manifest: Digest,
    seed: int,
    start: Start | None = None,
    progress: Progress | None = None,
    keeper: Keeper | None = None,
    team: Team | None = None,
) -> TrainingOutcome:
    """Train one update on a folded model; the model's weights are the same bits before and after.

    The optimizer ``adamw`` is AdamW without weight decay, with gradients clipped to norm 1 and a learning rate that
    falls in a straight line from the task's to zero. On one CPU thread, equal arguments give equal bits, also where a
    keeper carried the training from one process to the next; a team adds gradients up in an order of its own.

    Args:
        model: the folded model, frozen.
        batches: one a step, at least ``settings.steps``.
        adapter: shape of the adapter. settings: steps, learning rate, optimizer.
        base: digest of the base model. parent_manifest: the manifest the model is folded to.
        seed: of the adapter's start and of dropout; see :func:`orchestrator.training.settings.derived_seed`.
        start: what the task's strategy has all members begin with; None for an adapter of the member's own seed.
        progress: told after each step.
        keeper: of what is done, for a process that goes on later. team: other processes that share each batch.

    Raises:
        ConfigurationError: unknown optimizer, or no module of the model has such a name.
        DataError: fewer batches than steps, the loss is not finite, or a number grew beyond the task's grid.
    """
    if settings.optimizer != "adamw":
        raise ConfigurationError(f"unknown optimizer {settings.optimizer!r}", mend="use adamw")
    device = next(iter(model.parameters())).device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        heads = _heads(model, adapter)
        before = {name: parameter.detach().clone() for name, parameter in heads.items()}
        adapted = _attach(model, adapter)
        try:
            for parameter in heads.values():
                parameter.requires_grad_(True)
            if start is not None:
                begin(_layers(model), start)
            run = steps(adapted, batches, settings, device, progress=progress, keeper=keeper, team=team)
            modules = _factors(model, adapter)
            dense = {name: (parameter.detach() - before[name]).cpu() for name, parameter in heads.items()}
        finally:
            _detach(adapted, model)
            with torch.no_grad():
                for name, parameter in heads.items():
                    parameter.copy_(before[name])
                    parameter.grad = None
    delta = AdapterDelta(base, parent_manifest, modules, dense)
    return TrainingOutcome(delta if start is None else conform(delta, start), run.samples, tuple(run.losses))


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


def _factors(model: Any, adapter: AdapterSettings) -> dict[str, LowRank]:
    modules = {}
    for name, factors in _layers(model).items():
        a, b = (tensor.detach().float().cpu().clone() for tensor in factors)
        modules[name] = LowRank(a, b, adapter.alpha, adapter.rslora)
    return modules
