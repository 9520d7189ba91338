"""Deltas as rows of numbers and back: what of an ``ffa`` update is masked and summed.

A follows from the task's seed, so B and dense parts are all there is. They are on the task's grid already; here they
are clipped to the terms, since a sum of the members' must stay below half of the ring, and laid side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from orchestrator.contribution import AdapterDelta, integers
from orchestrator.ledger.canonical import digest
from orchestrator.secagg.masks import Units
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.types import Digest


def layout(delta: AdapterDelta, fraction_bits: int) -> Digest:
    """Which numbers an update has, in which order: the same for all members of a round."""
    tensors = [[name, list(tensor.shape)] for name, tensor in _tensors(delta).items()]
    return digest(
        {"format": "loranchor/secagg-layout", "version": 1, "fraction_bits": fraction_bits, "tensors": tensors}
    )


def numbers_of(delta: AdapterDelta, fraction_bits: int) -> Units:
    """What is masked, in steps of the grid: (words,) int64.

    Raises:
        SecaggRefused: BAD_TERMS where A does not follow from a seed, so that it would have to travel as well.
        ContributionRefused: a number is off the grid.
    """
    if delta.seed is None:
        raise SecaggRefused(
            Reason.BAD_TERMS, "only an update whose A follows from the task's seed is masked", mend="use strategy ffa"
        )
    steps = [integers(name, tensor, fraction_bits).reshape(-1) for name, tensor in _tensors(delta).items()]
    return torch.cat(steps).to(torch.int64).cpu().numpy()


def clipped(units: Units, clip: int) -> tuple[Units, int]:
    """Numbers no larger than ``clip`` either way, and how many were."""
    return np.clip(units, -clip, clip), int((np.abs(units) > clip).sum())


def delta_of(total: Units, like: AdapterDelta, fraction_bits: int) -> AdapterDelta:
    """A sum as a delta on the grid: modules, α and A of ``like``, and the sum's B.

    Args:
        total: (words,), each below 2**23, which terms see to where n·w·max is.

    Raises:
        SecaggRefused: OVERFLOW, or another number of numbers.
    """
    tensors, start, found = _tensors(like), 0, dict[str, Tensor]()
    if total.size != (wanted := sum(tensor.numel() for tensor in tensors.values())):
        raise SecaggRefused(Reason.OVERFLOW, f"a sum of {total.size} numbers for a delta of {wanted}")
    if int(np.abs(total).max()) >= 1 << 23:
        raise SecaggRefused(Reason.OVERFLOW, "a sum that does not fit the grid; it ends below 2^23 steps")
    for name, tensor in tensors.items():
        part = torch.from_numpy(total[start : start + tensor.numel()].copy()).reshape(tensor.shape)
        found[name] = part.float() * 2.0**-fraction_bits
        start += tensor.numel()
    modules = {name: replace(low, b=found[f"low_rank.{name}.b"]) for name, low in like.modules.items()}
    return replace(like, modules=modules, dense={name: found[f"dense.{name}"] for name in like.dense})


def _tensors(delta: AdapterDelta) -> Mapping[str, Tensor]:
    found = {f"low_rank.{name}.b": low.b for name, low in delta.modules.items()}
    found |= {f"dense.{name}": tensor for name, tensor in delta.dense.items()}
    return dict(sorted(found.items()))
