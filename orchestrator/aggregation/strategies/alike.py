"""What methods that average factors ask of the blocks of a module."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from orchestrator.aggregation.strategy import Block, Product
from orchestrator.aggregation.truncation import gram_of_rows
from orchestrator.contribution import ContributionRefused, Reason


def check_alike(strategy: str, module: str, blocks: Sequence[Block]) -> None:
    """All blocks have one rank and one scale.

    Raises:
        ContributionRefused: two differ.
    """
    first = blocks[0].outline
    for block in blocks:
        low = block.outline
        if low.rank != first.rank:
            raise ContributionRefused(
                Reason.BAD_RANK, f"{strategy} averages factors of one rank; {module!r} has {first.rank} and {low.rank}"
            )
        if low.scale != first.scale:
            raise ContributionRefused(
                Reason.BAD_SCALE,
                f"{strategy} averages factors of one scale; {module!r} has {first.scale:g} and {low.scale:g}",
            )


def same(one: Tensor, other: Tensor) -> bool:
    return one is other or (one.dtype == other.dtype and torch.equal(one, other))


def norm2(left: Tensor, right: Tensor) -> float:
    """‖left @ right‖² from two small Gram matrices, in float64."""
    return max(float((gram_of_rows([left.T]) * gram_of_rows([right])).sum()), 0.0)


def error2(exact: Product, product: Product) -> float:
    """‖exact − product‖²: the difference of two products is a product of stacks, so it is never made dense."""
    left = torch.cat([exact.left, -product.left], dim=1)
    return norm2(left, torch.cat([exact.right, product.right]))
