"""Subspaces that gradients leave open: the row span of a matrix, and how far vectors are from it. All in float64.

A gradient ∂L/∂A = s·Bᵀδᵀx of LoRA's A has its rows in the span of the inputs x. It is computed in float32, so that
directions that it does not have show up at about 10⁻⁷ of its largest singular value, and those that it has, in what was
measured, above 10⁻⁴. The rank is where successive singular values fall most, if they fall tenfold there. Where they
fall nowhere like that, all directions are taken, the largest half of the room's at most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from orchestrator.errors import DataError

GAP = 10.0
"""Ratio of successive singular values from which the smaller ones count as noise."""
_NOTHING = 1e-30
"""Rows of a smaller norm are zero: a gradient of A while B is zero."""
_BLOCK = 8192
"""Vectors that are converted to float64 at once."""


@dataclass(frozen=True, slots=True)
class Span:
    """A subspace of R^d.

    Attributes:
        basis: orthonormal rows, float64 [rank, d]; rank 0 where nothing was given away.
        exact: whether the rank follows from a gap; else the rows span what little room they have.
    """

    basis: Tensor
    exact: bool

    @property
    def rank(self) -> int:
        return int(self.basis.shape[0])


def row_span(matrices: Sequence[Tensor], *, noise: float = 0.0) -> Span:
    """The span of the rows of all matrices.

    Args:
        matrices: [rows, d] each; each is brought to norm 1, so that none is lost beside another.
        noise: standard deviation of noise that is known to lie on every entry. Above 0 matrices stay as they are, and
            of the directions those count that noise alone would not have: s > noise·(√rows + √d), but at least one.

    Raises:
        DataError: no matrix, or one is not finite.
    """
    if not matrices or not all(bool(matrix.isfinite().all()) for matrix in matrices):
        raise DataError("a span needs finite matrices", mend="check what was observed")
    doubles = [matrix.detach().cpu().double() for matrix in matrices]
    kept = [matrix if noise else matrix / matrix.norm() for matrix in doubles if float(matrix.norm()) > _NOTHING]
    if not kept:
        return Span(doubles[0].new_zeros(0, doubles[0].shape[1]), exact=False)
    stacked = torch.cat(kept)
    _, values, basis = torch.linalg.svd(stacked, full_matrices=False)
    if noise:
        edge = noise * sum(math.sqrt(side) for side in stacked.shape)
        return Span(basis[: max(1, int((values > edge).sum()))], exact=False)
    rank = _rank(values)
    return Span(basis[: rank or min(len(values), stacked.shape[1] // 2)], exact=rank is not None)


def _rank(values: Tensor) -> int | None:
    """Where descending singular values fall most; None where they fall nowhere by :data:`GAP`."""
    if len(values) < 2:
        return None
    falls = values[:-1] / values[1:].clamp_min(float(values[0]) * 1e-16)
    place = int(falls.argmax())
    return place + 1 if float(falls[place]) >= GAP else None


def residuals(span: Span, vectors: Tensor) -> Tensor:
    """Sine of the angle between each vector and the subspace, float64 [vectors]: 0 inside, 1 orthogonal to it.

    It is taken from what is left of a vector where that is small, since 1 − cos² would lose what is below 10⁻⁷.

    Args:
        vectors: [vectors, d].
    """
    return torch.cat([_residuals(span.basis, block.double()) for block in torch.split(vectors, _BLOCK)])


def _residuals(basis: Tensor, vectors: Tensor) -> Tensor:
    lengths = vectors.norm(dim=1).clamp_min(_NOTHING)
    inside = vectors @ basis.T
    found: Tensor = (1 - (inside.norm(dim=1) / lengths).square()).clamp_min(0).sqrt()
    near = found < 1e-2
    if bool(near.any()):
        left = vectors[near] - inside[near] @ basis
        found[near] = left.norm(dim=1) / lengths[near]
    return found


@dataclass(frozen=True, slots=True)
class Probe:
    """A span, and what vectors are multiplied by before they are held against it: None, or LoRA's A [rank, d]."""

    span: Span
    factor: Tensor | None = None

    def __call__(self, vectors: Tensor) -> Tensor:
        """Sine of the angle of each vector [vectors, d], float64."""
        if self.factor is None:
            return residuals(self.span, vectors)
        factor = self.factor.double()
        return torch.cat([residuals(self.span, block.double() @ factor.T) for block in torch.split(vectors, _BLOCK)])


def distance(probes: Sequence[Probe], vectors: Tensor) -> Tensor:
    """The least sine of the angle of each vector [vectors, d]: whoever is inside of one span was read."""
    return torch.stack([probe(vectors) for probe in probes]).min(0).values
