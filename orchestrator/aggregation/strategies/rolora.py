"""``rolora``: rounds take turns, one trains B with A frozen, the next A with B frozen; both means are exact.

S. Chen and others, "Robust Federated Finetuning of Foundation Models via Alternating Minimization of LoRA",
arXiv:2409.02346, and "Robust Federated Finetuning of LLMs via Alternating Optimization of LoRA", NeurIPS 2025,
arXiv:2502.01755. A contribution is a change: δB·A where B was trained, B·δA where A was, with the frozen factor that
followed from the manifest. So the sum over rounds is s·B·A of the paper, and any contribution can be taken out of it:
what is stored holds its own frozen factor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from orchestrator.aggregation.entries import FoldEntry
from orchestrator.aggregation.fixed_point import accumulate, floats, rounded, weighted_sum
from orchestrator.aggregation.start import Ground
from orchestrator.aggregation.strategies.alike import check_alike, same
from orchestrator.aggregation.strategy import WEIGHT_ONE, Block, Product, ends_round, register
from orchestrator.contribution import ContributionRefused, Frozen, Reason, Start, agreed_a, integers
from orchestrator.contribution.agreed import BITS
from orchestrator.contribution.grid import LIMIT, saturated

WEIGHT_BITS = 32


class RoLora:
    """See the module.

    Args:
        fraction_bits: what is trained travels as multiples of 2**-fraction_bits.
    """

    name = "rolora"
    version = 1
    exact = True

    def __init__(self, *, fraction_bits: int = 16) -> None:
        self.fraction_bits = fraction_bits
        self.settings: Mapping[str, int | str] = {"fraction_bits": fraction_bits}

    def start(self, ground: Ground) -> Start:
        """A after a round that trained B, and B after one that trained A, first, or left nothing of B."""
        trained, a, b = self._sums(ground)
        factors_a = {name: self._a(ground, name, a.get(name)) for name in ground.modules}
        factors_b = {name: floats(rounded(total, WEIGHT_ONE), self.fraction_bits) for name, total in b.items()}
        if trained == "b" and any(bool(factor.any()) for factor in factors_b.values()):
            zero = {name: torch.zeros_like(factor) for name, factor in factors_a.items()}
            for name, (outputs, _) in ground.modules.items():
                factors_b.setdefault(name, torch.zeros((outputs, ground.rank)))
            return Start(zero, factors_b, Frozen("b"), self.fraction_bits)
        return Start(factors_a, frozen=Frozen("a"), fraction_bits=self.fraction_bits)

    def closes(self, group: Sequence[FoldEntry], columns: int, following: FoldEntry | None) -> bool:
        return ends_round(group, following)

    def combine(self, module: str, blocks: Sequence[Block]) -> Product:
        check_alike(self.name, module, blocks)
        weights, scale, bits = [block.weight for block in blocks], blocks[0].outline.scale, self.fraction_bits
        lows = [block.load() for block in blocks]
        if all(same(low.a, lows[0].a) for low in lows):
            total = weighted_sum([integers(module, low.b, bits) for low in lows], weights)
            return Product(floats(total, WEIGHT_BITS + bits, scale), lows[0].a.float())
        if all(same(low.b, lows[0].b) for low in lows):
            total = weighted_sum([integers(module, low.a, bits) for low in lows], weights)
            return Product(lows[0].b.float() * scale, floats(total, WEIGHT_BITS + bits))
        raise ContributionRefused(
            Reason.WRONG_FACTOR, f"rolora needs one A or one B for a whole round; those of {module!r} differ"
        )

    def _sums(self, ground: Ground) -> tuple[str, dict[str, Tensor], dict[str, Tensor]]:
        """Which factor the last round trained, and Σ weight·δA and Σ weight·δB by module."""
        sums: dict[str, dict[str, Tensor]] = {"a": {}, "b": {}}
        trained = ""
        for entry in ground.entries:
            delta = ground.opener(entry.update_id)
            if delta.frozen is None:  # of a task with another strategy
                continue
            trained = "b" if delta.frozen.factor == "a" else "a"
            for name in ground.modules:
                if ground.fits(delta, name):
                    low = delta.modules[name]
                    units = saturated(low.b if trained == "b" else low.a, self.fraction_bits)
                    accumulate(sums[trained].setdefault(name, torch.zeros_like(units)), units, entry.weight)
        return trained, sums["a"], sums["b"]

    def _a(self, ground: Ground, name: str, change: Tensor | None) -> Tensor:
        """The A of the seed and what rounds changed of it."""
        first = agreed_a(ground.seed, name, ground.rank, ground.modules[name][1])
        if change is None:
            return first
        steps = rounded(change, WEIGHT_ONE) << (BITS - self.fraction_bits)
        return floats((saturated(first, BITS) + steps).clamp_(1 - LIMIT, LIMIT - 1), BITS)


register(RoLora.name, RoLora)
