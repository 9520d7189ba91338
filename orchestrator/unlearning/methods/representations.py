"""What two layers of a model make of a batch: for circuit breakers and TAR."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.methods.recipe import Job
from orchestrator.unlearning.subject import Batch, Range

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)

DEPTHS = {"first": Range(0.5, 0.0, 1.0), "second": Range(0.875, 0.0, 1.0)}
"""Which two blocks, as shares of all: the 4th and the 7th of ResNet-18's eight (Siddiqui et al.)."""


def blocks(model: nn.Module) -> list[nn.Module]:
    """A model's repeated blocks in order: the kind of module that holds most of its parameters in several instances.

    Where nothing is repeated, its modules with parameters, but for the last, which is the head.
    """
    inner = [found for found in model.modules() if found is not model and not isinstance(found, _CONTAINERS)]
    sizes: Counter[type] = Counter()
    for found in inner:
        if next(found.children(), None) is not None:
            sizes[type(found)] += sum(parameter.numel() for parameter in found.parameters())
    counts = Counter(type(found) for found in inner)
    repeated = [kind for kind, size in sizes.most_common() if size and counts[kind] > 1]
    if repeated:
        return [found for found in inner if type(found) is repeated[0]]
    return [found for found in inner if next(found.parameters(recurse=False), None) is not None][:-1]


def two_layers(job: Job) -> list[nn.Module]:
    """The blocks at the depths of the settings.

    Raises:
        ConfigurationError: the model has too few for two.
    """
    found = blocks(job.subject.model)
    places = [min(len(found), max(1, round(job.settings[name] * len(found)))) - 1 for name in DEPTHS]
    if len(found) < 2 or places[0] == places[1]:
        raise ConfigurationError(
            f"{job.name} needs two layers, the model has {len(found)} blocks", mend="set first and second farther apart"
        )
    return [found[place] for place in places]


def representations(job: Job, model: Any, batch: Batch, layers: Sequence[nn.Module]) -> list[Tensor]:
    """What each layer gives: (samples, numbers), or of texts (tokens that count, width)."""
    with _heard(layers) as heard:
        job.subject.task.logits(model, batch)
    return [_rows(output, batch) for output in heard]


def kept_distance(job: Job, batch: Batch, layers: Sequence[nn.Module]) -> Tensor:
    """Mean over layers of the mean squared difference from what θ₀ makes of the batch."""
    before = former(job, batch, layers)
    now = representations(job, job.subject.model, batch, layers)
    return torch.stack([nn.functional.mse_loss(one, other) for one, other in zip(now, before, strict=True)]).mean()


def former(job: Job, batch: Batch, layers: Sequence[nn.Module]) -> list[Tensor]:
    """What the layers make of a batch at θ₀, without gradients."""
    with job.teacher() as teacher:
        return representations(job, teacher, batch, layers)


@contextmanager
def _heard(layers: Sequence[nn.Module]) -> Iterator[list[Tensor]]:
    outputs: dict[int, Tensor] = {}
    heard: list[Tensor] = []

    def listener(place: int) -> Any:
        def listen(module: nn.Module, inputs: Any, output: Any) -> None:
            outputs[place] = output if isinstance(output, Tensor) else output[0]

        return listen

    hooks = [layer.register_forward_hook(listener(place)) for place, layer in enumerate(layers)]
    try:
        yield heard
        heard += [outputs[place] for place in range(len(layers))]
    finally:
        for hook in hooks:
            hook.remove()


def _rows(output: Tensor, batch: Batch) -> Tensor:
    mask = batch.get("attention_mask")
    if mask is not None and output.ndim == 3 and output.shape[:2] == mask.shape:
        return output[mask.to(output.device).bool()].float()
    return output.flatten(1).float()
