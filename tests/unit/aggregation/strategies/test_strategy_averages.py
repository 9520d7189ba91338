"""fedit and fedex: the mean of the factors, how far it is from the sum, and what members begin with."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from orchestrator.aggregation import FoldedModel, strategy_named
from orchestrator.aggregation.strategies import FedEx, FedIt
from orchestrator.contribution import ContributionRefused, LowRank, Reason, Start, agreed_a
from tests.unit.aggregation.make import Little, entries_of
from tests.unit.aggregation.strategies.averaged import (
    MODULES,
    RANK,
    SEED,
    blocks_of,
    dense_sum,
    ground_of,
    played,
    random,
)
from tests.unit.contribution.make import BASE


def lows(count: int = 4) -> list[LowRank]:
    return [LowRank(random(place, RANK, 24), random(50 + place, 40, RANK), 16) for place in range(count)]


WEIGHTS = [1 << 30, 1 << 31, 1 << 29, 1 << 29]


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_fedit_is_the_product_of_the_means_and_tells_its_error(weights: list[int] | None) -> None:
    found = lows()
    shares = [weight / (1 << 32) for weight in weights or [1 << 30] * 4]
    b = torch.stack([share * low.b.double() for share, low in zip(shares, found, strict=True)]).sum(dim=0)
    a = torch.stack([share * low.a.double() for share, low in zip(shares, found, strict=True)]).sum(dim=0)
    product = FedIt().combine("m", blocks_of(found, weights))
    made, exact = product.left.double() @ product.right.double(), dense_sum(found, weights)
    assert torch.allclose(made, 4 * b @ a, rtol=1e-5, atol=1e-9)
    error = float((made - exact).norm() / exact.norm())
    assert error > 0.5, "random factors average to something else"
    assert (product.figures["error2"] / product.figures["norm2"]) ** 0.5 == pytest.approx(error, rel=1e-6)


def test_under_a_cap_the_sum_shrinks_but_the_mean_of_a_does_not() -> None:
    """A member's weight may be capped, and what it loses goes to nobody."""
    found = [replace(low, a=lows()[0].a) for low in lows()]
    half = FedIt().combine("m", blocks_of(found, [1 << 29] * 4))
    assert torch.allclose(half.right, found[0].a)
    exact = dense_sum(found, [1 << 29] * 4)
    assert float((half.left.double() @ half.right.double() - exact).norm() / exact.norm()) < 1e-6
    none = FedIt().combine("m", blocks_of(found, [0] * 4))
    assert not none.left.any() and none.figures == {"norm2": 0.0, "error2": 0.0}


def test_a_fold_by_fedit_tells_its_error_and_members_begin_alike_anew_each_round() -> None:
    deltas = played(FedIt())
    entries = entries_of(list(deltas))
    folded = FoldedModel(Little(), BASE, strategy_named("fedit"))
    folded.move(entries, deltas.__getitem__)
    assert 0.05 < folded.tally.relative_error < 1
    first, second = FedIt().start(ground_of()), FedIt().start(ground_of(entries[:4], deltas))
    for name, (_, inputs) in MODULES.items():
        assert torch.equal(first.a[name], agreed_a(SEED, name, RANK, inputs, series=1))
        assert torch.equal(second.a[name], agreed_a(SEED, name, RANK, inputs, series=2))
    assert first.frozen is None and first.fraction_bits is None and not first.b


def test_fedex_is_exact_and_tells_how_large_the_residual_was() -> None:
    found = lows()
    product, mean = FedEx().combine("m", blocks_of(found, WEIGHTS)), FedIt().combine("m", blocks_of(found, WEIGHTS))
    exact = dense_sum(found, WEIGHTS)
    assert float((product.left.double() @ product.right.double() - exact).norm() / exact.norm()) < 1e-6
    assert product.figures["residual2"] == mean.figures["error2"] > 0
    assert "error2" not in product.figures, "nothing is lost"
    deltas = played(FedEx())
    folded = FoldedModel(Little(), BASE, strategy_named("fedex"))
    folded.move(entries_of(list(deltas)), deltas.__getitem__)
    assert folded.tally.relative_error == 0 and folded.tally.figures["residual2"] > 0


def test_fedex_begins_with_the_mean_of_the_last_rounds_a() -> None:
    deltas = played(FedEx(), rounds=1)
    entries = entries_of(list(deltas))
    first, second = FedEx().start(ground_of()), FedEx().start(ground_of(entries, deltas))
    for name, (_, inputs) in MODULES.items():
        assert torch.equal(first.a[name], agreed_a(SEED, name, RANK, inputs))
        mean = torch.stack([delta.modules[name].a.double() for delta in deltas.values()]).mean(dim=0)
        assert float((second.a[name].double() - mean).abs().max()) <= 2.0**-23
        assert torch.equal(second.a[name] * 2**23, (second.a[name] * 2**23).round())
    assert second.frozen is None


def test_the_mean_of_a_does_not_care_for_order_nor_for_what_does_not_fit() -> None:
    deltas = played(FedEx(), rounds=1)
    entries = entries_of(list(deltas))
    expected = FedEx().start(ground_of(entries, deltas))
    assert _equal(FedEx().start(ground_of(entries[::-1], deltas)), expected)
    other = {
        name: LowRank(torch.ones(2, low.a.shape[1]), low.b[:, :2], 16)
        for name, low in next(iter(deltas.values())).modules.items()
    }
    strangers = {update: replace(delta, modules=other) for update, delta in deltas.items()}
    assert _equal(FedEx().start(ground_of(entries, strangers)), FedEx().start(ground_of()))


def _equal(one: Start, other: Start) -> bool:
    return one.a.keys() == other.a.keys() and all(torch.equal(one.a[name], other.a[name]) for name in one.a)


@pytest.mark.parametrize("name", ["fedit", "fedex"])
def test_mixed_ranks_and_scales_are_refused(name: str) -> None:
    found = lows(2)
    for other, reason in (
        (LowRank(found[1].a[:2], found[1].b[:, :2], 16), Reason.BAD_RANK),
        (replace(found[1], rslora=True), Reason.BAD_SCALE),
    ):
        with pytest.raises(ContributionRefused, match=f"{name} averages factors of one") as caught:
            strategy_named(name).combine("m", blocks_of([found[0], other]))
        assert caught.value.reason == reason
