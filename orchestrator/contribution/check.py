"""The structural check: everything about one update that can be judged without running the model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from orchestrator.contribution.delta import AdapterDelta, LowRank
from orchestrator.contribution.gram import norm, reach
from orchestrator.contribution.grid import integers
from orchestrator.contribution.refusal import ContributionRefused, Reason
from orchestrator.contribution.rules import NORM_CEILING, DeltaRules
from orchestrator.contribution.start import Start
from orchestrator.types import Digest

Shapes = Mapping[str, Sequence[int]]
"""Shape of every parameter of the base model by name."""


def check(
    delta: AdapterDelta,
    rules: DeltaRules,
    shapes: Shapes,
    *,
    parent_manifest: Digest | None = None,
    start: Start | None = None,
) -> float:
    """Refuse a delta that does not fit the task and the base model.

    Args:
        delta: the opened update.
        rules: what the task allows.
        shapes: of the base model's parameters (``BaseModel.shapes``).
        parent_manifest: the manifest that the chain says it was trained from; not compared where None.
        start: what the task's strategy had all members begin with; None where that is each member's own matter.

    Returns:
        The Frobenius norm of its ΔW.

    Raises:
        ContributionRefused: carries the reason code of the first thing that is wrong.
    """
    if delta.base != rules.base:
        raise ContributionRefused(Reason.WRONG_BASE, f"made for base {delta.base}, the task's is {rules.base}")
    if parent_manifest is not None and delta.parent_manifest != parent_manifest:
        raise ContributionRefused(
            Reason.WRONG_PARENT, f"names parent {delta.parent_manifest}, the record says {parent_manifest}"
        )
    if not delta.modules and not delta.dense:
        raise ContributionRefused(Reason.EMPTY, "it changes nothing")
    for name, low in delta.modules.items():
        _check_module(name, low, rules, shapes)
    for name, tensor in delta.dense.items():
        _check_dense(name, tensor, rules, shapes)
    _check_start(delta, start)
    _check_reach(delta)
    length = norm(delta)
    if not math.isfinite(length) or length > rules.max_norm:
        raise ContributionRefused(Reason.NORM_TOO_LARGE, f"‖ΔW‖ is {length:.4g}, at most {rules.max_norm:.4g}")
    return length


def _check_reach(delta: AdapterDelta) -> None:
    """Columns may undo each other in the norm's float64; in the fold's float32 they leave a rest, or an infinity."""
    far = sum(max(reach(low)) for low in delta.modules.values())
    if not far <= NORM_CEILING:
        raise ContributionRefused(
            Reason.NORM_TOO_LARGE, f"factors of size {far:.4g} for a ΔW that may have {NORM_CEILING:.4g}"
        )


def _check_module(name: str, low: LowRank, rules: DeltaRules, shapes: Shapes) -> None:
    weight = f"{name}.weight"
    if not rules.allows_module(name) or weight not in shapes:
        raise ContributionRefused(Reason.BAD_MODULE, f"module {name!r} is not one that the task adapts")
    if low.rank not in rules.ranks:
        allowed = rules.ranks if isinstance(rules.ranks, range) else sorted(rules.ranks)
        raise ContributionRefused(Reason.BAD_RANK, f"rank {low.rank} at {name!r}, allowed {allowed}")
    if (low.alpha, low.rslora) != (rules.alpha, rules.rslora):
        raise ContributionRefused(
            Reason.BAD_SCALE,
            f"alpha {low.alpha}, rslora {low.rslora} at {name!r}; the task has {rules.alpha}, {rules.rslora}",
        )
    found = (low.b.shape[0], low.a.shape[1])
    if found != tuple(shapes[weight]) or low.b.shape[1] != low.rank:
        raise ContributionRefused(
            Reason.BAD_SHAPE, f"{name!r} would change a matrix of {found}, it is {tuple(shapes[weight])}"
        )
    _check_finite(name, low.a)
    _check_finite(name, low.b)


def _check_dense(name: str, tensor: Tensor, rules: DeltaRules, shapes: Shapes) -> None:
    if not rules.allows_dense(name) or name not in shapes:
        raise ContributionRefused(Reason.BAD_MODULE, f"parameter {name!r} is not one that the task trains densely")
    if tuple(tensor.shape) != tuple(shapes[name]):
        raise ContributionRefused(
            Reason.BAD_SHAPE, f"{name!r} has shape {tuple(tensor.shape)}, the parameter {tuple(shapes[name])}"
        )
    _check_finite(name, tensor)


def _check_start(delta: AdapterDelta, start: Start | None) -> None:
    """The frozen factor is the agreed one, and what was trained is on the agreed grid."""
    frozen = start.frozen if start else None
    if delta.frozen != frozen:
        raise ContributionRefused(Reason.WRONG_FACTOR, f"it froze {delta.frozen}, the round's members {frozen}")
    if start is None:
        return
    if frozen is not None and frozen.seed is None:  # a seeded factor was made by the reader
        _check_factor(delta, frozen.factor, start)
    if start.fraction_bits is not None:
        for name, low in delta.modules.items():
            integers(name, low.a if frozen is not None and frozen.factor == "b" else low.b, start.fraction_bits)
        for name, tensor in delta.dense.items():
            integers(name, tensor, start.fraction_bits)


def _check_factor(delta: AdapterDelta, factor: str, start: Start) -> None:
    agreed = start.a if factor == "a" else start.b
    for name, low in delta.modules.items():
        found = low.a if factor == "a" else low.b
        expected = agreed.get(name)
        if expected is None or found.dtype != expected.dtype or not torch.equal(found, expected):
            raise ContributionRefused(Reason.WRONG_FACTOR, f"{factor.upper()} of {name!r} is not the agreed one")


def _check_finite(name: str, tensor: Tensor) -> None:
    if not bool(torch.isfinite(tensor).all()):
        raise ContributionRefused(Reason.NOT_FINITE, f"{name!r} holds a NaN or an infinity")
