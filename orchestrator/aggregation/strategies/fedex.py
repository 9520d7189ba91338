"""``fedex``: the sum is exact, and the next round begins with the mean of A.

R. Singhal, K. Ponkshe, P. Vepakomma, "FedEx-LoRA: Exact Aggregation for Federated and Efficient Fine-Tuning of
Foundation Models", ACL 2025, arXiv:2410.09432. The paper hands out B̄ and Ā and adds the residual ΔW − s·B̄·Ā to the
frozen weights. Here all of ΔW goes into the weights, as one stack, which is the same model; and members begin with Ā
and B = 0 where the paper begins with Ā and B̄ beside weights that lack B̄·Ā. The figures tell how large the residual was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch

from orchestrator.aggregation.entries import FoldEntry
from orchestrator.aggregation.fixed_point import accumulate, floats, rounded
from orchestrator.aggregation.start import Ground
from orchestrator.aggregation.strategies.alike import check_alike, error2, norm2
from orchestrator.aggregation.strategies.fedit import mean_product
from orchestrator.aggregation.strategies.stack import stacked
from orchestrator.aggregation.strategy import Block, Product, ends_round, register
from orchestrator.contribution import Start, agreed_a
from orchestrator.contribution.agreed import BITS
from orchestrator.contribution.grid import saturated


class FedEx:
    """See the module."""

    name = "fedex"
    version = 1
    exact = True
    settings: ClassVar[Mapping[str, int | str]] = {}

    def start(self, ground: Ground) -> Start:
        """The mean of the last round's A, rounded to multiples of 2**-23; before there is one, that of the seed."""
        totals: dict[str, torch.Tensor] = {}
        weights: dict[str, int] = {}
        for entry in ground.last if ground.entries else ():
            delta = ground.opener(entry.update_id)
            for name in ground.modules:
                if ground.fits(delta, name):
                    units = saturated(delta.modules[name].a, BITS)
                    accumulate(totals.setdefault(name, torch.zeros_like(units)), units, entry.weight)
                    weights[name] = weights.get(name, 0) + entry.weight
        made = {}
        for name, (_, inputs) in ground.modules.items():
            if weights.get(name):
                made[name] = floats(rounded(totals[name], weights[name]), BITS)
            else:
                made[name] = agreed_a(ground.seed, name, ground.rank, inputs)
        return Start(made)

    def closes(self, group: Sequence[FoldEntry], columns: int, following: FoldEntry | None) -> bool:
        return ends_round(group, following)

    def combine(self, module: str, blocks: Sequence[Block]) -> Product:
        check_alike(self.name, module, blocks)
        exact = stacked(blocks)
        residual2 = error2(exact, mean_product(blocks))
        return Product(exact.left, exact.right, {"norm2": norm2(exact.left, exact.right), "residual2": residual2})


register(FedEx.name, FedEx)
