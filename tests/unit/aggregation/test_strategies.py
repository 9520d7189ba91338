"""The register of strategies, and flexlora against the dense decomposition."""

from __future__ import annotations

import pytest
import torch

from orchestrator.aggregation import Block, FoldedModel, FoldEntry, strategies, strategy_named
from orchestrator.aggregation.strategies.stack import stacked
from orchestrator.aggregation.strategy import grouped
from orchestrator.aggregation.truncation import truncate
from orchestrator.contribution import LowRank
from orchestrator.errors import ConfigurationError
from orchestrator.types import OrganisationId, UpdateId
from tests.unit.aggregation.make import Little, contributions, entries_of, reference
from tests.unit.contribution.make import BASE


def blocks(ranks: tuple[int, ...], shape: tuple[int, int] = (96, 80)) -> list[Block]:
    generator = torch.Generator().manual_seed(7)

    def random(*size: int) -> torch.Tensor:
        return torch.randn(*size, generator=generator)

    return [
        Block.of(
            FoldEntry(UpdateId(str(place)), 1, OrganisationId(f"o{place}"), (1 << 32) // len(ranks)), LowRank(a, b, 16)
        )
        for place, rank in enumerate(ranks)
        for a, b in [(random(rank, shape[1]), random(shape[0], rank))]
    ]


def dense_of(found: list[Block]) -> torch.Tensor:
    return torch.stack([block.factor * (block.outline.b.double() @ block.outline.a.double()) for block in found]).sum(
        dim=0
    )


def test_strategies_are_known_by_name() -> None:
    assert {"stack", "flexlora"} <= set(strategies())
    with pytest.raises(ConfigurationError, match="unknown strategy"):
        strategy_named("magic")
    with pytest.raises(ConfigurationError, match="no such setting"):
        strategy_named("stack", rank=3)
    with pytest.raises(ConfigurationError, match="rank 0"):
        strategy_named("flexlora", rank=0)


@pytest.mark.parametrize(("ranks", "rank"), [((4, 8, 16), 8), ((4, 8), 32), ((16,) * 8, 4)])
def test_truncation_is_the_optimal_one_and_tells_its_error(ranks: tuple[int, ...], rank: int) -> None:
    """Also where the stacks have more columns than the matrix has rows."""
    found = blocks(ranks)
    exact = dense_of(found)
    product = stacked(found)
    cut = truncate(product.left, product.right, rank)
    values = torch.linalg.svdvals(exact)
    optimal = float(values[rank:].norm() / values.norm())
    actual = float((cut.left.double() @ cut.right.double() - exact).norm() / exact.norm())
    assert actual == pytest.approx(optimal, abs=1e-5)
    assert cut.relative_error == pytest.approx(optimal, abs=1e-5)
    assert cut.left.shape[1] == min(rank, sum(ranks), *exact.shape)


def test_groups_are_cut_by_round_and_by_columns() -> None:
    deltas = contributions(rounds=2)
    entries = entries_of(list(deltas))
    widths = dict.fromkeys(deltas, 700)
    sizes = [len(group) for group in grouped(strategy_named("stack"), entries, widths)]
    assert sizes == [2, 1, 2, 1]
    assert [len(group) for group in grouped(strategy_named("flexlora"), entries, widths)] == [3, 3]


def test_a_fold_by_flexlora_tells_its_error() -> None:
    deltas = contributions(rounds=2)
    entries = entries_of(list(deltas))
    folded = FoldedModel(Little(), BASE, strategy_named("flexlora", rank=4))
    folded.move(entries, deltas.__getitem__)
    assert 0.05 < folded.tally.relative_error < 1
    before = Little()
    for name, exact in reference(entries, deltas).items():
        change = (dict(folded.model.named_parameters())[name] - dict(before.named_parameters())[name]).double()
        error = float((change - exact).norm() / exact.norm())
        assert (error > 0.05) if "proj" in name else (error < 1e-5), "heads are not cut"

    whole = FoldedModel(Little(), BASE, strategy_named("flexlora", rank=64))
    whole.move(entries, deltas.__getitem__)
    assert whole.tally.relative_error < 1e-6
