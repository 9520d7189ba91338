"""``fedit``: B and A are averaged each for itself. Inexact, here as the baseline; the error is told.

J. Zhang and others, "Towards Building the Federated GPT: Federated Instruction Tuning" (Shepherd), ICASSP 2024,
arXiv:2305.05644. B̄·Ā is another matrix than the mean of B·A. Members of a round begin with the same A, which the paper
has by broadcast and this from the task's seed and the round. The paper goes on from B̄ and Ā; here each round is folded
and B begins at zero again, as under every strategy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch

from orchestrator.aggregation.entries import FoldEntry
from orchestrator.aggregation.start import Ground
from orchestrator.aggregation.strategies.alike import check_alike, error2, norm2
from orchestrator.aggregation.strategies.stack import stacked
from orchestrator.aggregation.strategy import WEIGHT_ONE, Block, Product, ends_round, register
from orchestrator.contribution import Start, agreed_a


class FedIt:
    """See the module."""

    name = "fedit"
    version = 1
    exact = False
    settings: ClassVar[Mapping[str, int | str]] = {}

    def start(self, ground: Ground) -> Start:
        """A new A after every round that contributed."""
        made = {
            name: agreed_a(ground.seed, name, ground.rank, inputs, series=ground.ordinal)
            for name, (_, inputs) in ground.modules.items()
        }
        return Start(made)

    def closes(self, group: Sequence[FoldEntry], columns: int, following: FoldEntry | None) -> bool:
        return ends_round(group, following)

    def combine(self, module: str, blocks: Sequence[Block]) -> Product:
        check_alike(self.name, module, blocks)
        mean, exact = mean_product(blocks), stacked(blocks)
        figures = {"norm2": norm2(exact.left, exact.right), "error2": error2(exact, mean)}
        return Product(mean.left, mean.right, figures)


def mean_product(blocks: Sequence[Block]) -> Product:
    """scale·Σ weight·B and the weighted mean of A, fp32."""
    outputs, inputs = blocks[0].shape
    whole = sum(block.weight for block in blocks)
    low = blocks[0].load()
    left = torch.zeros((outputs, low.rank), dtype=torch.float32, device=low.b.device)
    right = torch.zeros((low.rank, inputs), dtype=torch.float32, device=low.a.device)
    for place, block in enumerate(blocks):
        low = low if place == 0 else block.load()
        left.add_(low.b.float(), alpha=block.weight / WEIGHT_ONE * block.outline.scale)
        right.add_(low.a.float(), alpha=block.weight / whole if whole else 0.0)
    return Product(left, right)


register(FedIt.name, FedIt)
