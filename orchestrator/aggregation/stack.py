"""Exact stacking: ΔW = [w₁s₁B₁ w₂s₂B₂ …]·[A₁; A₂; …], any ranks, no approximation (FLoRA, arXiv 2409.05976).

The order of the floating-point operations is fixed by :data:`FOLD_VERSION`: rounds one after the other; within a round
stacks of at most :data:`STACK_COLUMNS` columns in the manifest's order; every product in tiles of :data:`TILE_ROWS`
rows, added to the sum by one GEMM. So on one device type and library version the bits depend on the manifest alone,
not on who arrived first, how much memory there was, or what was folded before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from orchestrator.aggregation.entries import FoldEntry, Opener
from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ProtocolError
from orchestrator.types import Digest

FOLD_VERSION = 1
WEIGHT_ONE = 1 << 32
"""The weight 1; weights are integers over it."""
TILE_ROWS = 256
STACK_COLUMNS = 1024

ZeroMaker = Callable[[str], Tensor]
Sums = dict[str, Tensor]
"""ΔW by parameter name, fp32."""


@dataclass(slots=True)
class Stack:
    """Weighted contributions of one round, not multiplied out yet."""

    left: dict[str, list[Tensor]] = field(default_factory=dict)
    right: dict[str, list[Tensor]] = field(default_factory=dict)
    dense: dict[str, list[tuple[float, Tensor]]] = field(default_factory=dict)
    columns: int = 0

    def add(self, delta: AdapterDelta, factor: float, device: torch.device) -> None:
        """Put ``factor`` · ΔW on the stack."""
        widest = 0
        for name, low in delta.modules.items():
            scaled = low.b.to(device=device, dtype=torch.float32) * (factor * low.scale)
            self.left.setdefault(f"{name}.weight", []).append(scaled)
            self.right.setdefault(f"{name}.weight", []).append(low.a.to(device=device, dtype=torch.float32))
            widest = max(widest, low.rank)
        for name, tensor in delta.dense.items():
            self.dense.setdefault(name, []).append((factor, tensor.to(device=device, dtype=torch.float32)))
        self.columns += widest

    def names(self) -> list[str]:
        """Parameters that it changes."""
        return sorted(self.left.keys() | self.dense.keys())

    def flush(self, sums: Mapping[str, Tensor]) -> None:
        """Add everything on the stack to ``sums`` and empty it."""
        for name in sorted(self.left):
            add_product(sums[name], torch.cat(self.left[name], dim=1), torch.cat(self.right[name], dim=0))
        for name in sorted(self.dense):
            for factor, tensor in self.dense[name]:
                sums[name].add_(tensor, alpha=factor)
        self.left, self.right, self.dense, self.columns = {}, {}, {}, 0


def add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """``total += left @ right`` on the fixed tile grid."""
    for start in range(0, total.shape[0], TILE_ROWS):
        total[start : start + TILE_ROWS].addmm_(left[start : start + TILE_ROWS], right)


def accumulate(
    entries: Sequence[FoldEntry], opener: Opener, base: Digest, zeros: ZeroMaker, device: torch.device
) -> Sums:
    """ΔW of a manifest.

    Args:
        entries: in the manifest's order. opener: gives a contribution's delta.
        base: digest that every delta must name.
        zeros: makes the zero matrix for a parameter, after checking the delta's shape.
        device: where to compute.
    """
    sums: Sums = {}
    stack = Stack()
    with exact_products():
        for group in rounds(entries):
            for entry in group:
                delta = opener(entry.update_id)
                if delta.base != base:
                    raise ProtocolError(f"contribution {entry.update_id} was made for another base, {delta.base}")
                for name, shape in changed(delta).items():
                    if name not in sums:
                        sums[name] = zeros(name)
                    if tuple(sums[name].shape) != shape:
                        raise ProtocolError(f"contribution {entry.update_id} does not fit {name}")
                stack.add(delta, entry.weight / WEIGHT_ONE, device)
                if stack.columns >= STACK_COLUMNS:
                    stack.flush(sums)
            stack.flush(sums)
    return sums


def changed(delta: AdapterDelta) -> dict[str, tuple[int, ...]]:
    """Shapes of the parameters that a delta changes, by name."""
    found: dict[str, tuple[int, ...]] = {
        f"{name}.weight": (low.b.shape[0], low.a.shape[1]) for name, low in delta.modules.items()
    }
    return found | {name: tuple(tensor.shape) for name, tensor in delta.dense.items()}


@contextmanager
def exact_products() -> Iterator[None]:
    """Products in full fp32: no TF32 on a GPU, whatever the process chose for training."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.no_grad():
            yield
    finally:
        torch.set_float32_matmul_precision(before)


def rounds(entries: Sequence[FoldEntry]) -> Iterator[list[FoldEntry]]:
    """Entries of one round after the other."""
    group: list[FoldEntry] = []
    for entry in entries:
        if group and group[-1].round != entry.round:
            yield group
            group = []
        group.append(entry)
    if group:
        yield group
