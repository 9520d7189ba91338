"""ffa: sums that are the same integers in any order and anywhere, by mean, median and trimmed mean."""

from __future__ import annotations

import random as shuffles
from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from orchestrator.aggregation import WEIGHT_ONE, FoldedModel, FoldEntry, ffa_sums, strategy_named, sums_digest
from orchestrator.aggregation.fixed_point import floats, median_sum, ranked_sum, rounded, weighted_sum
from orchestrator.aggregation.strategies import Ffa
from orchestrator.contribution import (
    AdapterDelta,
    ContributionRefused,
    LowRank,
    Reason,
    agreed_a,
    check,
    parse,
    serialise,
)
from orchestrator.contribution.rules import DeltaRules
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.methods import STRATEGIES
from orchestrator.types import OrganisationId, UpdateId
from tests.unit.aggregation.make import Little, entries_of, reference, shapes_of
from tests.unit.aggregation.strategies.averaged import (
    BITS,
    MODULES,
    RANK,
    SEED,
    blocks_of,
    dense_sum,
    ffa_contributions,
    ground_of,
    random,
)
from tests.unit.contribution.make import BASE, PARENT

DIGEST = "0x4a80889002c1a8d092256218710f511f7cbc916d5000c1704ef6599055c13995"
DEVICES = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def lows(count: int, size: float = 0.05) -> list[LowRank]:
    a = agreed_a(SEED, "m", RANK, 24)
    grid = 2.0**BITS
    return [LowRank(a, (random(place, 40, RANK, size=size) * grid).round() / grid, 16) for place in range(count)]


def test_a_member_begins_with_the_agreed_factor_in_every_round() -> None:
    start = Ffa(fraction_bits=BITS).start(ground_of())
    deltas = ffa_contributions(rounds=1)
    later = Ffa(fraction_bits=BITS).start(ground_of(entries_of(list(deltas)), deltas))
    assert start.frozen is not None and (start.frozen.factor, start.frozen.seed) == ("a", SEED)
    assert start.fraction_bits == BITS and not start.b
    for name, (_, inputs) in MODULES.items():
        assert torch.equal(start.a[name], agreed_a(SEED, name, RANK, inputs))
        assert later.a[name] is start.a[name]
    rules = DeltaRules(BASE, ("q_proj", "v_proj"), frozenset({RANK}), 16, False, ("score",))
    for delta in deltas.values():
        assert check(parse(serialise(delta)), rules, shapes_of(Little()), start=start) > 0


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("rule", "trim"), [("mean", 0), ("median", 0), ("trimmed-mean", 1)])
def test_one_digest_in_twenty_orders(rule: str, trim: int, device: str) -> None:
    deltas = ffa_contributions(rounds=2)
    entries = entries_of(list(deltas))
    strategy = Ffa(fraction_bits=BITS, rule=rule, trim=trim)
    first = ffa_sums(strategy, entries, deltas.__getitem__)
    digests = {sums_digest(strategy, BASE, first)}
    generator = shuffles.Random(1)
    for _ in range(20):
        generator.shuffle(entries)
        digests.add(sums_digest(strategy, BASE, ffa_sums(strategy, entries, deltas.__getitem__, device)))
    assert len(digests) == 1
    assert sums_digest(strategy, BASE, {**first, "dense.score.weight": first["dense.score.weight"] + 1}) not in digests


def test_floats_would_not_have_one_sum() -> None:
    """What the integers are for: the same mean in fp32 depends on the order."""
    parts = [low.b / 7 for low in lows(64)]
    forwards, backwards = torch.zeros(40, RANK), torch.zeros(40, RANK)
    for part in parts:
        forwards += part
    for part in reversed(parts):
        backwards += part
    assert not torch.equal(forwards, backwards)


def test_the_digest_of_known_sums() -> None:
    sums = {"low_rank.m.b": torch.tensor([[1, -1], [2**40, 0]]), "dense.head": torch.tensor([7])}
    assert sums_digest(Ffa(fraction_bits=16), BASE, sums) == DIGEST


@pytest.mark.parametrize("device", DEVICES)
def test_the_mean_is_exact(device: str) -> None:
    found = lows(5)
    weights = [1 << 30, 1 << 31, 12345, 0, (1 << 30) - 12345]
    strategy = Ffa(fraction_bits=BITS)
    placed = [LowRank(low.a.to(device), low.b.to(device), low.alpha) for low in found]
    product = strategy.combine("m", blocks_of(placed, weights))
    exact = sum(
        (
            Fraction(weight, WEIGHT_ONE) * Fraction(float(low.b[3, 2]))
            for low, weight in zip(found, weights, strict=True)
        ),
        Fraction(0),
    )
    assert float(product.left[3, 2]) == float(torch.tensor(float(4 * exact), dtype=torch.float32))
    dense = dense_sum(found, weights)
    error = (product.left.cpu().double() @ product.right.cpu().double() - dense).norm() / dense.norm()
    assert float(error) < 1e-7
    assert not product.figures


def test_no_sum_overflows() -> None:
    most = torch.full((2, 2), 2**23 - 1, dtype=torch.int32)
    for sign in (1, -1):
        total = weighted_sum([most * sign] * 255, [WEIGHT_ONE] * 255)
        assert total.tolist() == [[sign * 255 * 2**32 * (2**23 - 1)] * 2] * 2
    assert (
        ranked_sum([most] * 255, [WEIGHT_ONE // 255] * 255, 0).tolist()
        == [[255 * (WEIGHT_ONE // 255) * (2**23 - 1)] * 2] * 2
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_more_rounds_than_a_sum_has_room_for_are_refused(sign: int) -> None:
    """A sum of 300 rounds at the grid's end came out with the wrong sign."""
    delta = AdapterDelta(BASE, PARENT, {}, {"score.weight": torch.full((2,), sign * (2**23 - 1) * 2.0**-BITS)})
    entries = [FoldEntry(UpdateId(str(number)), number, OrganisationId("a"), WEIGHT_ONE) for number in range(300)]
    sums = ffa_sums(Ffa(fraction_bits=BITS), entries[:255], lambda update: delta)
    assert sums["dense.score.weight"].tolist() == [sign * 255 * 2**32 * (2**23 - 1)] * 2
    for order in (entries, entries[::-1]):
        with pytest.raises(ContributionRefused, match="OVERFLOW"):
            ffa_sums(Ffa(fraction_bits=BITS), order, lambda update: delta)


def test_a_fold_by_ffa_is_the_exact_sum() -> None:
    deltas = ffa_contributions(rounds=2)
    entries = entries_of(list(deltas))
    folded = FoldedModel(Little(), BASE, Ffa(fraction_bits=BITS))
    folded.move(entries, deltas.__getitem__)
    stacked = FoldedModel(Little(), BASE)
    stacked.move(entries, deltas.__getitem__)
    before = dict(Little().named_parameters())
    parameters, others = dict(folded.model.named_parameters()), dict(stacked.model.named_parameters())
    for name, exact in reference(entries, deltas).items():
        assert float(((parameters[name] - before[name]).double() - exact).norm() / exact.norm()) < 1e-5
        assert float((parameters[name] - others[name]).abs().max()) < 1e-6
    assert folded.tally.relative_error == 0


@pytest.mark.parametrize("count", [1, 2, 5, 6])
def test_the_median_is_the_lower_one(count: int) -> None:
    found = lows(count)
    product = Ffa(fraction_bits=BITS, rule="median").combine("m", blocks_of(found, [3] * count))
    middle = torch.stack([low.b for low in found]).sort(dim=0).values[(count - 1) // 2]
    assert torch.allclose(product.left, middle * 4 * 3 * count / WEIGHT_ONE, rtol=1e-6, atol=0)


@pytest.mark.parametrize(("count", "trim", "used"), [(5, 1, 1), (5, 2, 2), (5, 9, 2), (4, 9, 1), (1, 3, 0), (2, 1, 0)])
def test_the_trimmed_mean(count: int, trim: int, used: int) -> None:
    """Where it would leave nothing, as much is trimmed as leaves one or two."""
    found = lows(count)
    weights = [WEIGHT_ONE // count] * count
    product = Ffa(fraction_bits=BITS, rule="trimmed-mean", trim=trim).combine("m", blocks_of(found, weights))
    kept = torch.stack([low.b for low in found]).double().sort(dim=0).values[used : count - used]
    expected = kept.mean(dim=0) * 4 * sum(weights) / WEIGHT_ONE
    assert torch.allclose(product.left.double(), expected, rtol=1e-6, atol=1e-8)


def test_robust_rules_bound_what_one_member_can_do_and_tell_how_far_they_are_from_the_mean() -> None:
    found = lows(4)
    hostile = replace(found[0], b=torch.full_like(found[0].b, -120.0))
    honest = Ffa(fraction_bits=BITS).combine("m", blocks_of(found))
    for rule in ("median", "trimmed-mean"):
        product = Ffa(fraction_bits=BITS, rule=rule, trim=1).combine("m", blocks_of([*found, hostile]))
        assert float((product.left - honest.left).norm()) < float(honest.left.norm())
        exact = dense_sum([*found, hostile])
        error = float((product.left.double() @ product.right.double() - exact).norm() / exact.norm())
        told = (product.figures["error2"] / product.figures["norm2"]) ** 0.5
        assert told == pytest.approx(error, rel=1e-4)
    captured = Ffa(fraction_bits=BITS).combine("m", blocks_of([*found, hostile]))
    assert float((captured.left - honest.left).norm()) > 10 * float(honest.left.norm())


def test_a_round_that_a_revocation_left_small_still_folds() -> None:
    deltas = ffa_contributions(rounds=1)
    strategy = Ffa(fraction_bits=BITS, rule="trimmed-mean", trim=1)
    folded = FoldedModel(Little(), BASE, strategy)
    for left in (4, 2, 1):
        folded.move(entries_of(list(deltas)[:left]), deltas.__getitem__)
        assert len(folded.entries) == left


@pytest.mark.parametrize(
    ("other", "reason", "words"),
    [
        ({"a": agreed_a(8, "m", RANK, 24)}, Reason.WRONG_FACTOR, "one A for all"),
        ({"alpha": 32}, Reason.BAD_SCALE, "one scale; 'm' has 4 and 8"),
        ({"a": torch.zeros(2, 24), "b": torch.zeros(40, 2)}, Reason.BAD_RANK, "one rank; 'm' has 4 and 2"),
        ({"b": torch.full((40, RANK), 0.1)}, Reason.OFF_GRID, "no multiple of"),
        ({"b": torch.full((40, RANK), 128.0)}, Reason.OVERFLOW, "not below 128"),
    ],
)
def test_what_cannot_be_averaged_is_refused(other: dict, reason: Reason, words: str) -> None:
    found = lows(2)
    with pytest.raises(ContributionRefused, match=words) as caught:
        Ffa(fraction_bits=BITS).combine("m", blocks_of([found[0], replace(found[1], **other)]))
    assert caught.value.reason == reason


def test_rounding_of_sums() -> None:
    assert rounded(torch.tensor([5, 6, 7, -5, -6, -7]), 4).tolist() == [1, 2, 2, -1, -1, -2]
    assert rounded(torch.tensor([1 << 60, -(1 << 60)]), 1).tolist() == [2**23 - 1, 1 - 2**23]
    assert floats(torch.tensor([3]), 2).tolist() == [0.75]
    assert median_sum([torch.tensor([3]), torch.tensor([1])], [5, 5]).tolist() == [10]


def test_settings_are_those_that_a_task_may_name() -> None:
    made = Ffa(fraction_bits=9, rule="trimmed-mean", trim=2)
    assert dict(made.settings) == {"fraction_bits": 9, "rule": "trimmed-mean", "trim": 2}
    assert made.settings.keys() == STRATEGIES["ffa"].keys()
    assert not made.exact and Ffa().exact
    with pytest.raises(ConfigurationError, match="no rule 'mode'"):
        strategy_named("ffa", rule="mode")
