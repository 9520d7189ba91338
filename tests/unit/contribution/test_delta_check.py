"""Every reason for which an update is refused before it is scored."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.contribution import AdapterDelta, ContributionRefused, DeltaRules, LowRank, Reason, check, norm
from orchestrator.contribution.gram import reach
from orchestrator.errors import FormatError
from orchestrator.types import Digest
from tests.unit.contribution.make import BASE, PARENT, RULES, SHAPES, make_delta

OTHER = Digest("0x" + "11" * 32)


def with_module(low: LowRank, name: str = "h.0.q_proj") -> AdapterDelta:
    return AdapterDelta(BASE, PARENT, {name: low}, {})


def low_rank(outputs: int = 6, inputs: int = 5, rank: int = 2, alpha: int = 16, rslora: bool = False) -> LowRank:
    return LowRank(torch.ones(rank, inputs), torch.ones(outputs, rank), alpha, rslora)


def test_a_sound_delta_passes_with_its_norm() -> None:
    delta = make_delta()
    assert check(delta, RULES, SHAPES, parent_manifest=PARENT) == pytest.approx(norm(delta))


def test_rank_may_differ_between_modules() -> None:
    delta = AdapterDelta(BASE, PARENT, {"h.0.q_proj": low_rank(rank=2), "h.0.v_proj": low_rank(3, rank=3)}, {})
    check(delta, RULES, SHAPES)


def nan_delta() -> AdapterDelta:
    low = low_rank()
    low.b[0, 0] = float("nan")
    return with_module(low)


@pytest.mark.parametrize(
    ("delta", "reason"),
    [
        (replace(make_delta(), base=OTHER), Reason.WRONG_BASE),
        (replace(make_delta(), parent_manifest=OTHER), Reason.WRONG_PARENT),
        (AdapterDelta(BASE, PARENT, {}, {}), Reason.EMPTY),
        (nan_delta(), Reason.NOT_FINITE),
        (AdapterDelta(BASE, PARENT, {}, {"score.weight": torch.full((2, 5), float("inf"))}), Reason.NOT_FINITE),
        (with_module(low_rank(outputs=7)), Reason.BAD_SHAPE),
        (with_module(low_rank(inputs=6)), Reason.BAD_SHAPE),
        (AdapterDelta(BASE, PARENT, {}, {"score.weight": torch.ones(5, 2)}), Reason.BAD_SHAPE),
        (with_module(low_rank(rank=5)), Reason.BAD_RANK),
        (with_module(low_rank(), "h.0.k_proj"), Reason.BAD_MODULE),
        (with_module(low_rank(), "h.9.q_proj"), Reason.BAD_MODULE),
        (AdapterDelta(BASE, PARENT, {}, {"norm.weight": torch.ones(5)}), Reason.BAD_MODULE),
        (with_module(low_rank(alpha=16_000_000)), Reason.BAD_SCALE),
        (with_module(low_rank(rslora=True)), Reason.BAD_SCALE),
        (with_module(LowRank(torch.ones(2, 5), torch.full((6, 2), 1e12), 16)), Reason.NORM_TOO_LARGE),
        (with_module(LowRank(torch.full((2, 5), 3e38), torch.full((6, 2), 3e38), 16)), Reason.NORM_TOO_LARGE),
    ],
)
def test_refusals(delta: AdapterDelta, reason: Reason) -> None:
    with pytest.raises(ContributionRefused) as caught:
        check(delta, RULES, SHAPES, parent_manifest=PARENT)
    assert caught.value.reason is reason


def undone(size_of_a: float, size_of_b: float) -> AdapterDelta:
    """Two columns that undo each other to the bit: ΔW is nothing."""
    b = torch.stack([torch.full((6,), size_of_b), torch.full((6,), -size_of_b)], dim=1)
    return with_module(LowRank(torch.full((2, 5), size_of_a), b, 16))


@pytest.mark.parametrize(
    "delta",
    [
        undone(3e38, 3e37),  # an infinity, or a NaN, in every model that it is added to
        undone(1e15, 1.3e15),  # float32 leaves 1e23 of it
        undone(1e-30, 1e37),
        with_module(LowRank(torch.full((2, 5), 1e-38), torch.full((6, 2), 1e38), 16)),  # s·B is beyond float32
        with_module(LowRank(torch.full((2, 5), 1e8), torch.full((6, 2), 1e-8), 16)),
    ],
)
def test_factors_that_float32_cannot_add_up_are_refused_whatever_their_product(delta: AdapterDelta) -> None:
    assert norm(delta) < 1000
    with pytest.raises(ContributionRefused) as caught:
        check(delta, RULES, SHAPES)
    assert caught.value.reason is Reason.NORM_TOO_LARGE


def test_what_the_limit_lets_pass_undoes_itself_in_float32_too() -> None:
    delta = undone(50.0, 160.0)
    check(delta, RULES, SHAPES)
    low = delta.modules["h.0.q_proj"]
    assert float((low.b * low.scale @ low.a).norm()) < 0.1


@given(seed=st.integers(0, 999), rank=st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_the_reach_is_never_less_than_the_norm(seed: int, rank: int) -> None:
    delta = make_delta(seed, rank=rank, dense=False)
    assert sum(reach(low)[0] for low in delta.modules.values()) >= norm(delta) * (1 - 1e-12)


def test_the_task_lowers_the_norm_limit() -> None:
    with pytest.raises(ContributionRefused, match="NORM_TOO_LARGE"):
        check(make_delta(), replace(RULES, max_norm=0.5), SHAPES)


def test_reasons_fit_into_a_bytes32() -> None:
    for reason in Reason:
        assert reason.value.isascii()
        assert reason.value.isupper()
        assert len(reason.value) <= 31


def test_rules_from_a_task() -> None:
    task = {
        "base": {"digest": BASE},
        "adapter": {"modules": ["q_proj"], "ranks": [4, 8, 16], "alpha": 16, "rslora": False, "dense": []},
        "verdict": {"policy": "structural", "filters": [], "minimum_score": 0, "max_norm": 2_500_000, "max_rank": 8},
    }
    rules = DeltaRules.from_task(task)
    assert rules.ranks == {4, 8}
    assert rules.max_norm == 2.5
    with pytest.raises(FormatError, match="adapter rules"):
        DeltaRules.from_task({"base": {}})


def test_a_largest_rank_without_bound_costs_nobody_memory() -> None:
    task = {
        "base": {"digest": BASE},
        "lineage": "isolated",
        "adapter": {"modules": ["q_proj"], "ranks": [4], "alpha": 16, "rslora": False, "dense": []},
        "verdict": {
            "policy": "structural",
            "filters": [],
            "minimum_score": 0,
            "max_norm": 10**9,
            "max_rank": 2**53 - 1,
        },
    }
    rules = DeltaRules.from_task(task)
    check(with_module(low_rank(rank=3)), rules, SHAPES)
    with pytest.raises(ContributionRefused, match="BAD_RANK"):
        check(with_module(low_rank(rank=3)), replace(rules, ranks=range(4, 2**53)), SHAPES)
