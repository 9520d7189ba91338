"""rolora: rounds take turns, and what has been taken out leaves nothing that others depend on."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from orchestrator.aggregation import WEIGHT_ONE, FoldedModel
from orchestrator.aggregation.strategies import RoLora
from orchestrator.contribution import AdapterDelta, ContributionRefused, LowRank, Reason, Start, agreed_a, check
from orchestrator.contribution.rules import DeltaRules
from orchestrator.types import UpdateId
from tests.unit.aggregation.make import Little, entries_of, reference, shapes_of
from tests.unit.aggregation.strategies.averaged import (
    BITS,
    MODULES,
    RANK,
    SEED,
    blocks_of,
    delta_of,
    dense_sum,
    ground_of,
    played,
    random,
)
from tests.unit.contribution.make import BASE

Deltas = dict[UpdateId, AdapterDelta]


def start_after(deltas: Deltas) -> Start:
    return RoLora(fraction_bits=BITS).start(ground_of(entries_of(list(deltas)), deltas))


def rounds(count: int) -> Deltas:
    return played(RoLora(fraction_bits=BITS), count)


def frozen_factor(start: Start) -> str:
    assert start.frozen is not None and start.frozen.seed is None and start.fraction_bits == BITS
    return start.frozen.factor


def mean_change(deltas: Deltas, number: int, factor: str, name: str) -> torch.Tensor:
    group = [delta for update, delta in deltas.items() if update.startswith(f"{number}-")]
    return torch.stack([getattr(delta.modules[name], factor).double() for delta in group]).mean(dim=0)


def test_rounds_take_turns_and_each_goes_on_from_the_exact_sums() -> None:
    deltas = rounds(4)
    starts = [start_after({key: value for key, value in deltas.items() if int(key[0]) <= n}) for n in range(5)]
    assert [frozen_factor(start) for start in starts] == ["a", "b", "a", "b", "a"]
    for name, (_, inputs) in MODULES.items():
        first = agreed_a(SEED, name, RANK, inputs)
        assert torch.equal(starts[0].a[name], first) and not starts[0].b
        assert not starts[1].a[name].any(), "A trains a change, from zero"
        assert float((starts[1].b[name].double() - mean_change(deltas, 1, "b", name)).abs().max()) <= 2.0**-BITS
        changed = first.double() + mean_change(deltas, 2, "a", name)
        assert float((starts[2].a[name].double() - changed).abs().max()) <= 2.0**-BITS
        both = mean_change(deltas, 1, "b", name) + mean_change(deltas, 3, "b", name)
        assert float((starts[3].b[name].double() - both).abs().max()) <= 2.0**-BITS


def test_the_sum_over_rounds_is_the_papers_product() -> None:
    """δB₁·A₁ + B₁·δA₂ + δB₃·A₃ = B₃·A₃ but for the rounding of the frozen factors."""
    deltas = rounds(3)
    entries = entries_of(list(deltas))
    folded = FoldedModel(Little(), BASE, RoLora(fraction_bits=BITS))
    folded.move(entries, deltas.__getitem__)
    before, after = dict(Little().named_parameters()), dict(folded.model.named_parameters())
    for name, (_, inputs) in MODULES.items():
        b = mean_change(deltas, 1, "b", name) + mean_change(deltas, 3, "b", name)
        a = agreed_a(SEED, name, RANK, inputs).double() + mean_change(deltas, 2, "a", name)
        change = (after[f"{name}.weight"] - before[f"{name}.weight"]).double()
        assert float((change - 4 * b @ a).norm() / (4 * b @ a).norm()) < 1e-3
        exact = reference(entries, deltas)[f"{name}.weight"]
        assert float((change - exact).norm() / exact.norm()) < 1e-5


def test_every_member_has_the_same_bits_whatever_the_order() -> None:
    deltas = rounds(3)
    entries = entries_of(list(deltas))
    strategy = RoLora(fraction_bits=BITS)
    one, other = strategy.start(ground_of(entries, deltas)), start_after(dict(sorted(deltas.items(), reverse=True)))
    for name in MODULES:
        assert torch.equal(one.b[name], other.b[name])


def test_updates_of_a_round_must_hold_the_agreed_factor() -> None:
    rules = DeltaRules(BASE, ("q_proj", "v_proj"), frozenset({RANK}), 16, False, ("score",))
    deltas = rounds(2)
    for number, before in ((1, {}), (2, {key: value for key, value in deltas.items() if key.startswith("1-")})):
        start, delta = start_after(before), deltas[UpdateId(f"{number}-aurora")]
        assert check(delta, rules, shapes_of(Little()), start=start) > 0
        name, low = next(iter(delta.modules.items()))
        turned = replace(low, a=low.a * 2, b=low.b / 2)
        with pytest.raises(ContributionRefused) as caught:
            check(replace(delta, modules={**delta.modules, name: turned}), rules, shapes_of(Little()), start=start)
        assert caught.value.reason == Reason.WRONG_FACTOR


def test_a_revocation_takes_out_a_term_exactly_and_later_ones_keep_their_own_factor() -> None:
    deltas = rounds(2)
    without = {update: delta for update, delta in deltas.items() if update != "1-aurora"}
    folded = FoldedModel(Little(), BASE, RoLora(fraction_bits=BITS))
    folded.move(entries_of(list(without)), without.__getitem__)
    bits = {name: parameter.clone() for name, parameter in folded.model.named_parameters()}
    folded.move(entries_of(list(deltas)), deltas.__getitem__)
    folded.move(entries_of(list(without)), without.__getitem__)
    assert all(torch.equal(bits[name], parameter) for name, parameter in folded.model.named_parameters())
    change = reference(entries_of(list(without)), without)
    before = dict(Little().named_parameters())
    for name, exact in change.items():
        assert float(((bits[name] - before[name]).double() - exact).norm() / exact.norm()) < 1e-5


def test_where_nothing_is_left_of_b_the_round_trains_b() -> None:
    deltas = rounds(2)
    assert frozen_factor(start_after(deltas)) == "a"
    first = {update: delta for update, delta in deltas.items() if update.startswith("1-")}
    assert frozen_factor(start_after(first)) == "b"
    nothing = {
        update: replace(
            delta, modules={name: replace(low, b=torch.zeros_like(low.b)) for name, low in delta.modules.items()}
        )
        for update, delta in first.items()
    }
    assert frozen_factor(start_after(nothing)) == "a"
    assert frozen_factor(start_after({})) == "a"


def test_a_module_that_nobody_changed_has_a_frozen_zero() -> None:
    first = rounds(1)
    part = {
        update: replace(delta, modules={"h.0.q_proj": delta.modules["h.0.q_proj"]}) for update, delta in first.items()
    }
    start = start_after(part)
    assert frozen_factor(start) == "b" and start.b["h.0.q_proj"].any()
    assert start.b["h.0.v_proj"].shape == (24, RANK) and not start.b["h.0.v_proj"].any()


def test_contributions_of_another_strategy_do_not_count_for_the_start() -> None:
    first = rounds(1)
    plain = {update: replace(delta, frozen=None) for update, delta in first.items()}
    assert frozen_factor(start_after(plain)) == "a"


def test_sums_that_leave_the_grid_stay_at_its_end() -> None:
    start = start_after({})
    deltas = {
        UpdateId(f"{number}-aurora"): replace(
            delta_of(number, start),
            modules={
                name: LowRank(start.a[name], torch.full((m, RANK), 100.0), 16) for name, (m, _) in MODULES.items()
            },
        )
        for number in range(1, 4)
    }
    assert float(start_after(deltas).b["h.0.q_proj"].max()) == (2**23 - 1) / 2**BITS


@pytest.mark.parametrize("frozen", ["a", "b"])
def test_a_round_is_the_exact_mean_of_what_it_trained(frozen: str) -> None:
    grid = 2.0**BITS
    parts = [(random(place, RANK, 24) * grid).round() / grid for place in range(3)]
    others = [(random(50 + place, 40, RANK) * grid).round() / grid for place in range(3)]
    found = [
        LowRank(parts[0] if frozen == "a" else a, others[0] if frozen == "b" else b, 16)
        for a, b in zip(parts, others, strict=True)
    ]
    weights = [WEIGHT_ONE // 2, WEIGHT_ONE // 4, WEIGHT_ONE // 4]
    product = RoLora(fraction_bits=BITS).combine("m", blocks_of(found, weights))
    exact = dense_sum(found, weights)
    assert product.left.shape[1] == RANK
    assert float((product.left.double() @ product.right.double() - exact).norm() / exact.norm()) < 1e-7
    half = [found[0], replace(found[1], a=found[1].a.bfloat16(), b=found[1].b.bfloat16())]
    with pytest.raises(ContributionRefused, match="one A or one B"):
        RoLora(fraction_bits=BITS).combine("m", blocks_of(half))
    mixed = [LowRank(parts[0], others[0], 16), LowRank(parts[1], others[1], 16)]
    with pytest.raises(ContributionRefused, match="one A or one B") as caught:
        RoLora(fraction_bits=BITS).combine("m", blocks_of(mixed))
    assert caught.value.reason == Reason.WRONG_FACTOR
