"""Gram matrices of the factors against dense float64 arithmetic."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.contribution import AdapterDelta, LowRank, cosine, distance, find_copies, inner, norm
from tests.unit.contribution.make import dense_form, make_delta


def flat(delta: AdapterDelta) -> torch.Tensor:
    return torch.cat([tensor.flatten() for _, tensor in sorted(dense_form(delta).items())])


@given(one=st.integers(0, 99), other=st.integers(100, 199), r=st.integers(1, 4), s=st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_against_dense(one: int, other: int, r: int, s: int) -> None:
    left, right = make_delta(one, rank=r), make_delta(other, rank=s)
    x, y = flat(left), flat(right)
    assert inner(left, right) == pytest.approx(float(x @ y), rel=1e-9, abs=1e-9)
    assert norm(left) == pytest.approx(float(x.norm()))
    assert distance(left, right) == pytest.approx(float((x - y).norm()))
    assert cosine(left, right) == pytest.approx(float(x @ y / x.norm() / y.norm()))


def rotated(delta: AdapterDelta) -> AdapterDelta:
    """The same ΔW out of other factors."""
    turn = torch.linalg.qr(torch.randn(2, 2, generator=torch.Generator().manual_seed(5)))[0]
    modules = {n: LowRank(turn.T @ low.a, low.b @ turn, low.alpha) for n, low in delta.modules.items()}
    return AdapterDelta(delta.base, delta.parent_manifest, modules, delta.dense)


def scaled(delta: AdapterDelta, factor: float) -> AdapterDelta:
    modules = {n: LowRank(low.a, low.b * factor, low.alpha) for n, low in delta.modules.items()}
    return AdapterDelta(delta.base, delta.parent_manifest, modules, {n: t * factor for n, t in delta.dense.items()})


def test_copies_are_found_through_rotation_and_scaling() -> None:
    first, second = make_delta(1), make_delta(2)
    updates = [("first", first), ("second", second), ("turned", rotated(first)), ("shrunk", scaled(second, 0.3))]
    assert find_copies(updates) == {"turned": "first", "shrunk": "second"}


def test_accepted_contributions_are_not_accused() -> None:
    delta = make_delta(1)
    assert find_copies([("old", delta), ("older", delta), ("new", delta)], known=2) == {"new": "old"}


def test_a_zero_update_copies_nobody() -> None:
    nothing = scaled(make_delta(1), 0.0)
    assert find_copies([("a", nothing), ("b", nothing)]) == {}
    assert cosine(nothing, nothing) == 0.0


def test_modules_that_only_one_has() -> None:
    whole = make_delta(1)
    part = AdapterDelta(whole.base, whole.parent_manifest, {"h.0.q_proj": whole.modules["h.0.q_proj"]}, {})
    rest = AdapterDelta(whole.base, whole.parent_manifest, {"h.0.v_proj": whole.modules["h.0.v_proj"]}, whole.dense)
    assert inner(part, rest) == 0.0
    assert distance(whole, part) == pytest.approx(norm(rest))
