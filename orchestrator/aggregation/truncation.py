"""The best rank-r approximation of a product of tall and wide factors, without ever making the dense matrix.

left = Q₁R₁ and rightᵀ = Q₂R₂ give left·right = Q₁(R₁R₂ᵀ)Q₂ᵀ with a small core of columns², whose SVD is that of the
whole: O((m+n)·K² + K³) for K columns. By Eckart and Young its r largest triples are optimal, and the singular values
left out are the error.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Truncated:
    """Factors of the approximation.

    Attributes:
        left: (m, r), the singular values in it. right: (r, n), orthonormal rows.
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
        left: (m, K). right: (K, n), both fp32. The small core is treated in float64, so that it costs no accuracy.

    Returns:
        Factors of min(rank, m, n, K) columns, fp32.
    """
    tall, tall_core = torch.linalg.qr(left)
    wide, wide_core = torch.linalg.qr(right.T)
    core = tall_core.double() @ wide_core.double().T
    u, values, vt = torch.linalg.svd(core, full_matrices=False)
    kept = min(rank, values.numel())
    squares = values.square()
    return Truncated(
        left=tall @ (u[:, :kept] * values[:kept]).float(),
        right=vt[:kept].float() @ wide.T,
        norm2=float(squares.sum()),
        error2=float(squares[kept:].sum()),
    )
