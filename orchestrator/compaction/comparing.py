"""What a member finds when it makes the sum itself: how far an object is off, and how far one of its rank has to be.

The difference of two products is a product of stacks, so it is measured by Gram matrices in float64 and never made
dense. By Eckart and Young the least error of a rank is known; a maker that is further off has not cut but changed the
sum, be it by little.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from orchestrator.aggregation import Product, Source
from orchestrator.aggregation.strategies.alike import error2, norm2
from orchestrator.aggregation.tiles import exact_products
from orchestrator.aggregation.truncation import truncate
from orchestrator.compaction.document import UNIT
from orchestrator.compaction.exact import ExactSum
from orchestrator.compaction.verdict import Compared, Fault
from orchestrator.contribution import AdapterDelta, LowRank
from orchestrator.contribution.gram import reach
from orchestrator.types import Digest

MARGIN = 1.001
"""For the rounding of another machine's factors."""


def compare(exact: ExactSum, candidate: Source, subject: Digest, *, rank: int = 0) -> Compared:
    """Measure an object against the sum of the originals.

    Args:
        candidate: the opened object, proved. subject: the manifest that it has to name. rank: what it was cut to, if.
    """
    outline = candidate.outline()
    if not _has_form(exact, outline, subject, rank):
        return Compared(fault=Fault.WRONG_FORM)
    squares, off, least, undone = 0.0, 0.0, 0.0, False
    with exact_products():
        for name in exact.modules:
            left, right = exact.factors(name)
            low = candidate.low_rank(name)
            undone |= _too_far(left, right, low)
            found = Product(low.b.float() * low.scale, low.a.float())
            squares += norm2(left, right)
            off += error2(Product(left, right), found)
            least += truncate(left, right, rank).error2 if rank and left.shape[1] > rank else 0.0
        for name in exact.dense:
            total = exact.dense_sum(name).view(-1)
            squares += _squared(total)
            off += _squared(total - candidate.dense(name, 0, total.numel()).float())
    if not (math.isfinite(squares) and math.isfinite(off)):
        return Compared(fault=Fault.NOT_FINITE)
    told = Compared(_relative(off, squares), _relative(least, squares))
    return Compared(fault=Fault.WRONG_FORM) if undone and told.honest else told


def _has_form(exact: ExactSum, outline: AdapterDelta, subject: Digest, rank: int) -> bool:
    modules = {name: (low.b.shape[0], low.a.shape[1]) for name, low in outline.modules.items()}
    dense = {name: tuple(tensor.shape) for name, tensor in outline.dense.items()}
    limits = {name: min(rank or min(shape), *shape) for name, shape in exact.modules.items()}
    return (
        (outline.base, outline.parent_manifest, outline.frozen) == (exact.base, subject, None)
        and modules == exact.modules
        and dense == exact.dense
        and all(low.rank <= limits[name] and low.scale == 1.0 for name, low in outline.modules.items())
        and all(low.a.dtype == low.b.dtype == torch.float32 for low in outline.modules.values())
    )


def _too_far(left: Tensor, right: Tensor, low: LowRank) -> bool:
    """Whether its numbers are larger than those of any honest form of the sum, so that columns of it undo each other.

    Those need not show in the difference, and the fold's float32 would be left with a rest of them. Side by side the
    numbers are the sum's own, cut to a rank no larger, in a basis of their own span √min(m, n) times as large at most.
    """
    outputs, inputs = low.b.shape[0], low.a.shape[1]
    (whole, factor), root = reach(LowRank(right, left, alpha=right.shape[0])), math.sqrt(min(outputs, inputs))
    found_whole, found_factor = reach(low)
    return found_whole > MARGIN * root * whole or found_factor > MARGIN * root * max(1.0, whole, factor)


def _squared(tensor: Tensor) -> float:
    return float(tensor.double().square().sum())


def _relative(squares: float, whole: float) -> int:
    """Rounded up, and no larger than the chain holds."""
    if squares == 0.0:
        return 0
    return math.ceil(min(math.sqrt(squares / whole) if whole else math.inf, 10.0**6) * UNIT)
