"""``flexlora``: each round's ΔW, cut to rank r by its singular values; the error of the cut is told.

J. Bai and others, "Federated Fine-tuning of Large Language Models under Heterogeneous Tasks and Client Resources",
NeurIPS 2024, arXiv:2402.11505. The paper decomposes the dense ΔW; this one a small core of the stacks, which is the
same truncation (see :mod:`orchestrator.aggregation.truncation`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.aggregation.entries import FoldEntry
from orchestrator.aggregation.strategies.stack import stacked
from orchestrator.aggregation.strategy import Block, Product, ends_round, register
from orchestrator.aggregation.truncation import truncate
from orchestrator.errors import ConfigurationError


class FlexLora:
    """See the module.

    Args:
        rank: of each module's change in a round.
    """

    name = "flexlora"
    version = 1
    exact = False

    def __init__(self, *, rank: int = 16) -> None:
        if rank < 1:
            raise ConfigurationError(f"strategy {self.name} cannot cut to rank {rank}", mend="give a rank of 1 or more")
        self.rank = rank
        self.settings: Mapping[str, int | str] = {"rank": rank}

    def closes(self, group: Sequence[FoldEntry], columns: int, following: FoldEntry | None) -> bool:
        return ends_round(group, following)

    def combine(self, module: str, blocks: Sequence[Block]) -> Product:
        exact = stacked(blocks)
        cut = truncate(exact.left, exact.right, self.rank)
        return Product(cut.left, cut.right, {"norm2": cut.norm2, "error2": cut.error2})


register(FlexLora.name, FlexLora)
