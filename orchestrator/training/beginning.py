"""An adapter that begins where all members of a round agreed to begin, and what of it may leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from orchestrator.contribution import AdapterDelta, ContributionRefused, LowRank, Start, to_grid
from orchestrator.errors import DataError

Layers = Mapping[str, tuple[nn.Parameter, nn.Parameter]]
"""A and B by module."""


def begin(layers: Layers, start: Start) -> None:
    """Set an adapter to its start and freeze what is not trained.

    Raises:
        DataError: the model adapts a module that the start does not have.
    """
    with torch.no_grad():
        for name, (a, b) in layers.items():
            if name not in start.a:
                raise DataError(f"there is no agreed start for module {name}", mend="see task.adapter.modules")
            a.copy_(start.a[name])
            if name in start.b:
                b.copy_(start.b[name])
            else:
                b.zero_()
            if start.frozen is not None:
                (a if start.frozen.factor == "a" else b).requires_grad_(False)


def conform(delta: AdapterDelta, start: Start) -> AdapterDelta:
    """The delta as it travels: the frozen factor to the bit as agreed, and what was trained on the grid.

    Raises:
        DataError: a number is too large for the grid.
    """
    bits = start.fraction_bits
    try:
        modules = {name: _conform(name, low, start) for name, low in delta.modules.items()}
        dense = {name: tensor if bits is None else to_grid(name, tensor, bits) for name, tensor in delta.dense.items()}
    except ContributionRefused as error:
        raise DataError(
            f"training went beyond what the task can add up exactly: {error}",
            mend="train with a lower learning rate or fewer steps, or agree on fewer fraction_bits",
        ) from error
    return replace(delta, modules=modules, dense=dense, frozen=start.frozen)


def _conform(name: str, low: LowRank, start: Start) -> LowRank:
    frozen = start.frozen.factor if start.frozen else ""

    def trained(tensor: Tensor) -> Tensor:
        return tensor if start.fraction_bits is None else to_grid(name, tensor, start.fraction_bits)

    a = start.a[name].cpu() if frozen == "a" else trained(low.a)
    b = start.b[name].cpu() if frozen == "b" else trained(low.b)
    return LowRank(a, b, low.alpha, low.rslora)
