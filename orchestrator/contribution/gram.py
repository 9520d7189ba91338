"""Inner products of updates, computed from small Gram matrices of their factors.

⟨sᵢBᵢAᵢ, sⱼBⱼAⱼ⟩ = sᵢsⱼ·tr(AᵢAⱼᵀ·BⱼᵀBᵢ): the cost is O((m+n)r²) a module and no dense matrix is made. Comparing the
factors themselves would call an update different after any rotation (B·G, G⁻¹·A), which leaves ΔW as it was.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TypeVar

import torch

from orchestrator.contribution.delta import AdapterDelta, LowRank

Key = TypeVar("Key", bound=Hashable)

COPY_COSINE = 0.999
"""Two updates whose ΔW point the same way to this degree are one update sent twice, whatever their lengths."""


def inner(left: AdapterDelta, right: AdapterDelta) -> float:
    """⟨ΔW of left, ΔW of right⟩ over all modules and dense parameters, in float64."""
    total = 0.0
    for name in sorted(left.modules.keys() & right.modules.keys()):
        one, other = left.modules[name], right.modules[name]
        outer = one.a.double() @ other.a.double().T
        core = one.b.double().T @ other.b.double()
        total += one.scale * other.scale * float((outer * core).sum())
    for name in sorted(left.dense.keys() & right.dense.keys()):
        total += float(torch.dot(left.dense[name].double().flatten(), right.dense[name].double().flatten()))
    return total


def norm(delta: AdapterDelta) -> float:
    """Frobenius norm of ΔW."""
    return math.sqrt(max(inner(delta, delta), 0.0))


def reach(low: LowRank) -> tuple[float, float]:
    """How large the numbers are that make a change, whatever they come to: what float32 rounds is a share of these.

    Returns:
        Σ s·‖bₖ‖·‖aₖ‖ over the columns bₖ of B and rows aₖ of A, never less than ‖ΔW‖; and the larger of s·‖B‖ and ‖A‖.
    """
    rows = torch.linalg.vector_norm(low.a, dim=1, dtype=torch.float64)
    columns = low.scale * torch.linalg.vector_norm(low.b, dim=0, dtype=torch.float64)
    return float(torch.dot(columns, rows)), float(torch.maximum(columns.norm(), rows.norm()))


def distance(left: AdapterDelta, right: AdapterDelta) -> float:
    """‖ΔW of left − ΔW of right‖."""
    return math.sqrt(max(inner(left, left) + inner(right, right) - 2 * inner(left, right), 0.0))


def cosine(left: AdapterDelta, right: AdapterDelta) -> float:
    """Cosine of the angle between two ΔW; 0 where one of them is zero."""
    lengths = norm(left) * norm(right)
    return inner(left, right) / lengths if lengths else 0.0


def find_copies(
    updates: Sequence[tuple[Key, AdapterDelta]], *, threshold: float = COPY_COSINE, known: int = 0
) -> dict[Key, Key]:
    """Updates that repeat an earlier one of the list, each with the one that it repeats.

    Args:
        updates: in the order in which precedence goes, earlier rounds first.
        threshold: cosine of ΔW from which on two are the same.
        known: the first so many are accepted contributions already and are not accused themselves.
    """
    lengths = [norm(delta) for _, delta in updates]
    copies: dict[Key, Key] = {}
    for later in range(known, len(updates)):
        for earlier in range(later):
            size = lengths[later] * lengths[earlier]
            if size and inner(updates[later][1], updates[earlier][1]) / size >= threshold:
                copies[updates[later][0]] = updates[earlier][0]
                break
    return copies
