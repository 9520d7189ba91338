"""Making the object: a delta whose factors are the covered sum's, side by side, or cut to a rank.

A module's sum never has more rank than the matrix has rows or columns, so that side by side is also where exact
factors end: beyond that they are written in a basis of their own span, exact but for rounding.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import torch
from torch import Tensor

from orchestrator.aggregation.tiles import exact_products
from orchestrator.aggregation.truncation import truncate
from orchestrator.compaction.exact import ExactSum
from orchestrator.contribution import AdapterDelta, LowRank
from orchestrator.contribution.codec import _header, _tensors
from orchestrator.types import Digest


def make(exact: ExactSum, subject: Digest, *, rank: int = 0) -> AdapterDelta:
    """The object of a manifest.

    Args:
        exact: the sum of the manifest's contributions. subject: the manifest's digest, named as the delta's parent.
        rank: most of a module; 0 cuts nothing.
    """
    with exact_products():
        modules = {name: fitted(*exact.factors(name), rank) for name in exact.modules}
        dense = {name: exact.dense_sum(name) for name in exact.dense}
    return AdapterDelta(exact.base, subject, modules, dense)


def fitted(left: Tensor, right: Tensor, rank: int = 0) -> LowRank:
    """One module's change, of at most ``rank`` where that is given; α is the rank, so the scale is 1."""
    most = min(left.shape[0], right.shape[1])
    if rank and left.shape[1] > rank:
        cut = truncate(left, right, rank)
        left, right = cut.left, cut.right
    elif left.shape[1] > most:
        left, right = _spanned(left, right)
    return LowRank(right.contiguous(), left.contiguous(), alpha=right.shape[0])


def pieces(delta: AdapterDelta) -> Iterator[bytes | memoryview]:
    """The canonical bytes of a delta (docs/formats/delta.md), tensor by tensor."""
    tensors = _tensors(delta)
    header = _header(delta, tensors)
    yield struct.pack("<Q", len(header)) + header
    for tensor in tensors.values():
        yield tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data


def _spanned(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """The same product of fewer columns: as many as the smaller side of the matrix."""
    if left.shape[0] <= right.shape[1]:
        basis, core = torch.linalg.qr(left)
        return basis, core @ right
    basis, core = torch.linalg.qr(right.T)
    return left @ core.T, basis.T
