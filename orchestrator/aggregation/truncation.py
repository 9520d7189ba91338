"""The best rank-r approximation of a product of tall and wide factors, without ever making the dense matrix.

left = Q·T gives left·right = Q·C with a core C = T·right of K rows, whose left singular vectors are the eigenvectors
of C·Cᵀ = T·(right·rightᵀ)·Tᵀ, a matrix of K × K. Projecting on the r largest is optimal by Eckart and Young, and the
sum of the other eigenvalues is the squared error: O((m+n)·K² + K³) for K columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

PIECE = 1024
"""Columns of a factor that are widened to float64 at once."""


@dataclass(frozen=True, slots=True)
class Truncated:
    """Factors of the approximation.

    Attributes:
        left: (m, r), orthonormal columns. right: (r, n), orthogonal rows, the largest first.
        norm2: ‖exact‖². error2: ‖exact − left @ right‖².
    """

    left: Tensor
    right: Tensor
    norm2: float
    error2: float

    @property
    def relative_error(self) -> float:
        return (self.error2 / self.norm2) ** 0.5 if self.norm2 else 0.0


def truncate(left: Tensor, right: Tensor, rank: int) -> Truncated:
    """The best approximation of ``left @ right`` of rank at most ``rank``.

    Args:
        left: (m, K). right: (K, n), both fp32. The small core is treated in float64, so that no accuracy is
            lost beyond the fp32 of the factors; errors are of the cut, and tell nothing of that.

    Returns:
        Factors of min(rank, m, n, K) columns, fp32.
    """
    tall, core = torch.linalg.qr(left)
    core = core.double()
    values, vectors = torch.linalg.eigh(core @ gram_of_rows([right]) @ core.T)
    squares = values.clamp(min=0).flip(0)
    kept = min(rank, squares.numel(), right.shape[1])
    basis = vectors.flip(1)[:, :kept]
    return Truncated(
        left=tall @ basis.float(),
        right=(basis.T @ core).float() @ right,
        norm2=float(squares.sum()),
        error2=float(squares[kept:].sum()),
    )


def gram_of_rows(factors: Sequence[Tensor]) -> Tensor:
    """F·Fᵀ in float64 for the factors on top of one another, a piece of their columns at a time."""
    rows, columns = sum(factor.shape[0] for factor in factors), factors[0].shape[1]
    total = torch.zeros((rows, rows), dtype=torch.float64, device=factors[0].device)
    for start in range(0, columns, PIECE):
        piece = torch.cat([factor[:, start : start + PIECE] for factor in factors]).double()
        total.addmm_(piece, piece.T)
    return total
