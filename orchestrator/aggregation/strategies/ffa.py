"""``ffa``: A is frozen to what all members agree on, and B is averaged in integers, so that a sum is exact anywhere.

Y. Sun and others, "Improving LoRA in Privacy-preserving Federated Learning", ICLR 2024, arXiv:2403.12313. A follows
from the task's seed (:func:`orchestrator.contribution.agreed_a`), is the same in all rounds, and does not travel. B
starts at zero in every round, since the model that a member trains holds the rounds before, and travels on a grid.
In place of the weighted mean the task may ask for a median or a trimmed mean of each number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from orchestrator.aggregation.entries import FoldEntry
from orchestrator.aggregation.fixed_point import floats, median_sum, ranked_sum, weighted_sum
from orchestrator.aggregation.start import Ground
from orchestrator.aggregation.strategies.alike import check_alike, norm2, same
from orchestrator.aggregation.strategy import Block, Product, ends_round, register
from orchestrator.contribution import ContributionRefused, Frozen, LowRank, Reason, Start, agreed_a, integers
from orchestrator.errors import ConfigurationError

WEIGHT_BITS = 32
RULES = ("mean", "median", "trimmed-mean")


class Ffa:
    """See the module.

    Args:
        fraction_bits: B travels as multiples of 2**-fraction_bits below 2**(23 - fraction_bits).
        rule: ``mean`` weighs members; ``median`` (the lower one) and ``trimmed-mean`` treat them as equals.
        trim: of ``trimmed-mean``: how many of the smallest, and of the largest, of each number are left out.
    """

    name = "ffa"
    version = 1

    def __init__(self, *, fraction_bits: int = 16, rule: str = "mean", trim: int = 0) -> None:
        if rule not in RULES:
            raise ConfigurationError(f"strategy ffa has no rule {rule!r}", mend=f"choose one of {', '.join(RULES)}")
        self.fraction_bits, self.rule, self.trim = fraction_bits, rule, trim
        self.exact = rule == "mean"
        self.settings: Mapping[str, int | str] = {"fraction_bits": fraction_bits, "rule": rule, "trim": trim}

    def start(self, ground: Ground) -> Start:
        seed, rank = ground.seed, ground.rank
        a = {name: agreed_a(seed, name, rank, inputs) for name, (_, inputs) in ground.modules.items()}
        return Start(a, frozen=Frozen("a", seed), fraction_bits=self.fraction_bits)

    def closes(self, group: Sequence[FoldEntry], columns: int, following: FoldEntry | None) -> bool:
        return ends_round(group, following)

    def combine(self, module: str, blocks: Sequence[Block]) -> Product:
        check_alike(self.name, module, blocks)
        scale, bits = blocks[0].outline.scale, WEIGHT_BITS + self.fraction_bits
        first = blocks[0].load()
        right = first.a
        parts = (self._part(module, block.load() if place else first, right) for place, block in enumerate(blocks))
        weights = [block.weight for block in blocks]
        if self.exact:  # one part is held at a time
            return Product(floats(self.summed(parts, weights), bits, scale), right.float())
        held = list(parts)
        left, mean = floats(self.summed(held, weights), bits, scale), floats(weighted_sum(held, weights), bits, scale)
        right = right.float()
        return Product(left, right, {"norm2": norm2(mean, right), "error2": norm2(mean - left, right)})

    def _part(self, module: str, low: LowRank, right: Tensor) -> Tensor:
        if not same(low.a, right):
            raise ContributionRefused(Reason.WRONG_FACTOR, f"ffa needs one A for all; those of {module!r} differ")
        return self.units(module, low)

    def units(self, module: str, low: LowRank) -> Tensor:
        """B as integers, int32.

        Raises:
            ContributionRefused: a number is off the grid.
        """
        return integers(module, low.b, self.fraction_bits)

    def summed(self, parts: Iterable[Tensor], weights: Sequence[int]) -> Tensor:
        """One round's B in units of 2**-(32 + fraction_bits), int64: bits that do not depend on hardware or order."""
        if self.rule == "mean":
            return weighted_sum(parts, weights)
        if self.rule == "median":
            return torch.cat([median_sum(rows, weights) for rows in _by_rows(list(parts))])
        return torch.cat([ranked_sum(rows, weights, self.trim) for rows in _by_rows(list(parts))])


def _by_rows(parts: Sequence[Tensor], rows: int = 512) -> list[list[Tensor]]:
    """The same rows of all parts together, so that sorting needs little memory."""
    return [[part[start : start + rows] for part in parts] for start in range(0, parts[0].shape[0], rows)]


register(Ffa.name, Ffa)
