"""The gate: what passes, what fails, and what nobody can judge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.unlearning.evaluation.gate import NO_REFERENCE, Limits, judge

CLOSE = {0: [0.1, -0.2, 0.3], 100: [1.0, 1.2, 0.8]}


def test_near_the_retrained_model_passes() -> None:
    assert judge(CLOSE, [-1.0, -1.5, 0.2]).verdict == "passed"
    assert judge(CLOSE, [9.0, 9.0, 9.0]).verdict == "passed"  # better on retained data is no fault


def test_every_k_must_pass_and_is_named() -> None:
    gate = judge({0: [0.0, 0.1, 0.2], 10: [4.0, 4.9, 4.5], 100: [40.0, 41.0, 42.0]}, [0.0, 0.0, 0.0])
    assert gate.failed
    assert [reason.split("=")[1].split()[0] for reason in gate.reasons] == ["10", "100"]
    assert "[+3.35, +5.59]" in gate.reasons[0]  # the mean, 4.47, is within; its interval is not


def test_forgetting_more_than_the_retrained_model_fails_too() -> None:
    assert judge({0: [-8.0, -8.1, -8.2]}, [0.0, 0.0, 0.0]).failed


def test_retained_data_must_stay_known() -> None:
    gate = judge(CLOSE, [-2.5, -2.6, -2.7])
    assert gate.reasons == ("retain accuracy is 2.60 points below the retrained model's, at most 2 pass",)
    assert judge(CLOSE, [-2.5, -2.6, -2.7], Limits(retain=3.0)).verdict == "passed"


def test_one_seed_can_fail_but_not_pass() -> None:
    assert judge({0: [6.0]}, [0.0]).failed
    gate = judge({0: [0.0], 10: [0.0, 0.0]}, [0.0])
    assert gate.verdict == "not judged" and "k = 0 one seed" in gate.reasons[0]


def test_without_a_reference_nothing_is_judged() -> None:
    assert judge({}, []).reasons == (NO_REFERENCE,)


def test_what_is_no_number_fails() -> None:
    assert judge({0: [float("nan")] * 3}, [0.0]).failed
    assert judge(CLOSE, [float("nan")]).failed


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=6), st.floats(0.5, 20))
def test_wider_limits_never_fail_what_narrower_pass(gaps: list[float], limit: float) -> None:
    if judge({0: gaps}, [0.0], Limits(attacked=limit)).verdict == "passed":
        assert judge({0: gaps}, [0.0], Limits(attacked=2 * limit)).verdict == "passed"
        assert all(abs(sum(gaps) / len(gaps)) <= limit for _ in gaps)


@pytest.mark.parametrize("gap", [5.0, -5.0])
def test_the_limit_itself_passes(gap: float) -> None:
    assert judge({0: [gap, gap, gap]}, [-2.0]).verdict == "passed"
