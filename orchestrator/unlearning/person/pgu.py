"""PGU, projected gradient unlearning: ascent on what is forgotten, off the directions that what is kept uses.

For each convolution and linear layer the inputs of retained samples span a space; the fewest right singular vectors
that hold a share τ of their squared norm are its core. The gradient of a weight, seen as (outputs, inputs), loses its
part in the core: g − g·V·Vᵀ. Parameters of no such layer, biases among them, stay. Source: Hoang et al., WACV 2024,
arXiv 2312.04095, a baseline in De Min et al., arXiv 2407.12069. Deviations: plain descent is replaced by Adam, whose
scaling bends a projected gradient a little, so the change is projected again before and after each step; grouped
convolutions stay as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Range

Core = dict[str, Tensor]
"""Of a weight's name, (inputs, directions), orthonormal columns."""


def inputs_of(layer: nn.Module, values: Tensor) -> Tensor:
    """What a layer multiplies its weight with, (rows, inputs): patches for a convolution."""
    if isinstance(layer, nn.Conv2d):
        padding: Any = layer.padding
        patches = functional.unfold(values, layer.kernel_size, layer.dilation, padding, layer.stride)
        return patches.transpose(1, 2).flatten(0, 1)
    return values.reshape(-1, values.shape[-1])


def core_space(job: Job, share: float, batches: int) -> Core:
    """The core of each layer's inputs over so many batches of what is kept.

    Raises:
        ConfigurationError: no weight that may change is of a convolution or a linear layer.
    """
    wanted = set(job.subject.names)
    layers = {
        f"{path}.weight": module
        for path, module in job.subject.model.named_modules()
        if f"{path}.weight" in wanted and (isinstance(module, nn.Linear) or _plain(module))
    }
    if not layers:
        raise ConfigurationError(
            f"{job.name} finds no layer to change", mend="let convolutions or linear layers change"
        )
    squares: dict[str, Tensor] = {}
    hooks = [layer.register_forward_pre_hook(_adder(squares, name)) for name, layer in layers.items()]
    try:
        with torch.no_grad(), job.subject.evaluated():
            for _ in range(batches):
                job.subject.task.logits(job.subject.model, job.next_retain())
    finally:
        for hook in hooks:
            hook.remove()
    return {name: _leading(square, share) for name, square in squares.items()}


def project(change: Tensor, core: Tensor) -> Tensor:
    """A weight's change without its part in the core."""
    rows = change.flatten(1)
    return (rows - rows @ core @ core.T).view_as(change)


def _plain(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d) and module.groups == 1 and not isinstance(module.padding, str)


def _adder(squares: dict[str, Tensor], name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    def add(layer: nn.Module, values: tuple[Tensor, ...]) -> None:
        rows = inputs_of(layer, values[0]).double()
        found = rows.T @ rows
        squares[name] = squares[name] + found if name in squares else found

    return add


def _leading(square: Tensor, share: float) -> Tensor:
    """The fewest eigenvectors that hold this share of the trace, largest first."""
    values, vectors = torch.linalg.eigh(square)
    held = values.flip(0).clamp(min=0).cumsum(0)
    count = int((held < share * held[-1]).sum()) + 1
    core: Tensor = vectors.flip(1)[:, :count].float()
    return core


def _run(job: Job) -> None:
    core = core_space(job, job.settings["share"], int(job.settings["batches"]))
    parameters = job.subject.parameters()
    before = {name: parameter.detach().clone() for name, parameter in parameters.items()}

    def hold(step: int) -> None:
        for name, parameter in parameters.items():
            if parameter.grad is not None:
                parameter.grad = project(parameter.grad, core[name]) if name in core else None

    def objective(step: int) -> Tensor:
        _keep_off(before, parameters, core)
        return -job.loss(job.next_forget())

    job.descend(objective, more_gradient=hold)
    _keep_off(before, parameters, core)


def _keep_off(before: Core, parameters: dict[str, nn.Parameter], core: Core) -> None:
    with torch.no_grad():
        for name, directions in core.items():
            change = project(parameters[name] - before[name], directions)
            parameters[name].copy_(before[name] + change)


METHOD = Recipe(
    "pgu",
    _run,
    needs_forget=True,
    ranges={"share": Range(0.95, 0.01, 1.0), "batches": Range(4, 1, 10_000, integer=True)},
)
