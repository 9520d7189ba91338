"""Membership inference against cases counted by hand, brute force, and what must hold for any numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.attacks import membership
from orchestrator.errors import DataError

SCORES = st.lists(st.integers(-6, 6), min_size=1, max_size=12)


def auc_by_pairs(inside: list[int], outside: list[int]) -> float:
    """The definition, pair by pair."""
    return sum((a > b) + (a == b) / 2 for a in inside for b in outside) / (len(inside) * len(outside))


def tpr_by_thresholds(inside: list[int], outside: list[int], rate: float) -> float:
    """Every threshold there is, below all scores too."""
    best = 0.0
    for threshold in [-math.inf, *inside, *outside]:
        if sum(score > threshold for score in outside) / len(outside) <= rate + 1e-12:
            best = max(best, sum(score > threshold for score in inside) / len(inside))
    return best


def test_auc_by_hand() -> None:
    assert membership.auc([3, 4], [1, 2]) == 1.0
    assert membership.auc([1, 2], [3, 4]) == 0.0
    assert membership.auc([1, 3], [2]) == 0.5
    assert membership.auc([2, 3], [2, 1]) == pytest.approx(3.5 / 4)  # one tie


@settings(max_examples=60, deadline=None)
@given(SCORES, SCORES)
def test_auc_is_its_definition(inside: list[int], outside: list[int]) -> None:
    assert membership.auc(inside, outside) == pytest.approx(auc_by_pairs(inside, outside))


@settings(max_examples=40, deadline=None)
@given(SCORES, SCORES)
def test_auc_does_not_change_under_rising_functions_and_turns_around(inside: list[int], outside: list[int]) -> None:
    found = membership.auc(inside, outside)
    assert membership.auc(np.exp(inside), np.exp(outside)) == found
    assert membership.auc(outside, inside) == pytest.approx(1 - found)
    assert membership.auc(-np.asarray(inside), -np.asarray(outside)) == pytest.approx(1 - found)
    assert membership.auc(inside, inside) == pytest.approx(0.5)


def test_auc_of_one_distribution_is_near_a_half() -> None:
    numbers = np.random.default_rng(0).normal(size=(2, 4000))
    assert membership.auc(*numbers) == pytest.approx(0.5, abs=0.02)  # its deviation is 0.0065


@settings(max_examples=60, deadline=None)
@given(SCORES, SCORES, st.sampled_from([0.0, 0.001, 0.1, 0.25, 0.5, 1.0]))
def test_tpr_is_the_best_threshold(inside: list[int], outside: list[int], rate: float) -> None:
    assert membership.tpr_at(inside, outside, rate) == pytest.approx(tpr_by_thresholds(inside, outside, rate))


def test_tpr_by_hand() -> None:
    others = list(range(10))
    assert membership.tpr_at([9.5, 8.5, 7.5, 0], others, 0.1) == 0.5  # above 8 is one of ten others
    assert membership.tpr_at([9.5, 8.5, 7.5, 0], others, 0.05) == 0.25
    assert membership.tpr_at([5, 5], [5, 5], 0.5) == 0.0  # a tie is on one side of a threshold
    assert membership.tpr_at([5], [6], 1.0) == 1.0


def test_judge_says_how_many() -> None:
    found = membership.judge([1, 2, 3], [0, 1], rates=(0.5,))
    assert (found.members, found.others, dict(found.tpr)) == (3, 2, {0.5: 1.0})
    assert found.auc == pytest.approx(5.5 / 6)


@pytest.mark.parametrize(("inside", "outside"), [([], [1.0]), ([1.0], []), ([math.nan], [1.0])])
def test_scores_that_are_none(inside: list[float], outside: list[float]) -> None:
    with pytest.raises(DataError):
        membership.judge(inside, outside)


def test_a_smaller_loss_is_a_higher_score() -> None:
    assert membership.auc(membership.loss_scores([0.1, 0.2]), membership.loss_scores([1.0, 2.0])) == 1.0


def test_min_k_by_hand() -> None:
    tokens = [np.log([0.5, 0.25, 0.125, 0.9])]
    means, deviations = [[-1.0, -1.0, -1.0, -1.0]], [[0.5, 1.0, 2.0, 0.5]]
    ratios = sorted((np.log([0.5, 0.25, 0.125, 0.9]) + 1) / [0.5, 1.0, 2.0, 0.5])
    assert membership.min_k_scores(tokens, means, deviations, share=0.5) == pytest.approx([np.mean(ratios[:2])])
    assert membership.min_k_scores(tokens, means, deviations, share=0.01) == pytest.approx([ratios[0]])  # one at least
    with pytest.raises(DataError, match="at least one token"):
        membership.min_k_scores([[]], [[]], [[]])


def test_min_k_does_not_divide_by_nothing() -> None:
    assert np.isfinite(membership.min_k_scores([[0.0]], [[0.0]], [[0.0]])).all()


def rmia_by_definition(x: list[float], rx: np.ndarray, z: list[float], rz: np.ndarray, gamma: float, a: float) -> list:
    def ratio(log_p: float, column: np.ndarray) -> float:
        return math.exp(log_p) / (((1 + a) * np.exp(column).mean() + (1 - a)) / 2)

    against = [ratio(value, rz[:, i]) for i, value in enumerate(z)]
    return [np.mean([ratio(value, rx[:, i]) / other >= gamma for other in against]) for i, value in enumerate(x)]


@pytest.mark.parametrize("gamma", [1.0, 2.0])
@pytest.mark.parametrize("offline", [1.0, 0.3])
@pytest.mark.parametrize("references", [1, 3])
def test_rmia_is_its_definition(gamma: float, offline: float, references: int) -> None:
    random = np.random.default_rng(references)
    x, z = (list(np.log(random.uniform(0.05, 0.95, size=n))) for n in (7, 11))
    rx, rz = (np.log(random.uniform(0.05, 0.95, size=(references, n))) for n in (7, 11))
    found = membership.rmia_scores(x, rx, z, rz, gamma=gamma, offline=offline)
    assert found == pytest.approx(rmia_by_definition(x, rx, z, rz, gamma, offline))


def test_rmia_by_hand() -> None:
    """Ratios: x 0.8/0.4 = 2; z 0.5/0.5 = 1 and 0.9/0.3 = 3."""
    arguments = (np.log([0.8]), np.log([[0.4]]), np.log([0.5, 0.9]), np.log([[0.5, 0.3]]))
    assert membership.rmia_scores(*arguments) == pytest.approx([0.5])
    assert membership.rmia_scores(*arguments, gamma=2.0) == pytest.approx([0.5])  # 2/1 ≥ 2, just
    assert membership.rmia_scores(*arguments, gamma=2.1) == pytest.approx([0.0])


def test_rmia_takes_back_how_hard_a_sample_is() -> None:
    """A hard sample that was trained on beats an easy one that was not, which its loss alone would not say."""
    hard, easy = np.log([0.4]), np.log([0.6])
    z, rz = np.log([0.5, 0.55]), np.log([[0.5, 0.55]])
    inside = membership.rmia_scores(hard, np.log([[0.1]]), z, rz)
    outside = membership.rmia_scores(easy, np.log([[0.61]]), z, rz)
    assert inside[0] == 1.0 and outside[0] == 0.0


def test_attacks_with_references_need_one() -> None:
    with pytest.raises(DataError, match="at least one reference"):
        membership.rmia_scores([0.0], [], [0.0], [])
    with pytest.raises(DataError, match="at least one reference"):
        membership.lira_scores([-1.0], [])


def test_logit_by_hand_and_at_its_ends() -> None:
    assert membership.logit(np.log([0.5, 0.8])) == pytest.approx([0.0, math.log(4)])
    assert np.isfinite(membership.logit([0.0, -1e-300, -1e9])).all()
    assert (np.diff(membership.logit(np.log([0.1, 0.5, 0.999, 1.0]))) > 0).all()


def test_one_variance_for_all_samples() -> None:
    """Two references, deviations ±1 and ±2 around the samples' means: (2·1 + 2·4) / 2."""
    phi = np.asarray([[1.0, 12.0], [-1.0, 8.0]])
    assert membership.global_deviation(phi) == pytest.approx(math.sqrt(10 / 2))
    assert membership.global_deviation([[1.0, 3.0]]) == pytest.approx(1.0)  # one reference: over the samples
    with pytest.raises(DataError, match="the same of every sample"):
        membership.global_deviation([[2.0, 2.0]])


def sigmoid_log(phi: np.ndarray) -> np.ndarray:
    """log p of φ = log(p/(1 − p))."""
    return -np.log1p(np.exp(-phi))


def test_lira_offline_is_a_normal_distribution() -> None:
    phi_out = np.asarray([[0.0, 2.0], [2.0, 4.0]])  # means 1 and 3, deviation √2
    target = np.asarray([1.0, 3.0 + math.sqrt(2)])
    found = np.exp(membership.lira_scores(sigmoid_log(target), sigmoid_log(phi_out)))
    assert found == pytest.approx([0.5, 0.8413447460685429])


def test_lira_online_is_a_ratio_of_densities() -> None:
    phi_in, phi_out = np.asarray([[3.0], [5.0]]), np.asarray([[0.0], [1.0]])
    score = membership.lira_scores(sigmoid_log(np.asarray([4.0])), sigmoid_log(phi_out), sigmoid_log(phi_in))

    def density(x: float, mean: float, deviation: float) -> float:
        return math.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * math.sqrt(2 * math.pi))

    expected = math.log(density(4.0, 4.0, math.sqrt(2)) / density(4.0, 0.5, math.sqrt(0.5)))
    assert score == pytest.approx([expected])


def test_lira_rises_with_the_confidence_also_where_probabilities_vanish() -> None:
    phi_out = sigmoid_log(np.asarray([[0.0] * 5, [0.1] * 5]))
    found = membership.lira_scores(sigmoid_log(np.asarray([-6.0, -3.0, 0.0, 0.2, 0.3])), phi_out)
    assert np.isfinite(found).all() and (np.diff(found) > 0).all()


def test_attacks_find_members_of_a_model_that_overfits() -> None:
    """Members get log-odds 2 above what references say; every attack must see that, and nothing without it."""
    random = np.random.default_rng(1)
    hardness = random.normal(size=600)
    references = sigmoid_log(hardness + random.normal(scale=0.3, size=(2, 600)))
    for lift, low, high in ((2.0, 0.97, 1.0), (0.0, 0.4, 0.6)):
        log_p = sigmoid_log(hardness + random.normal(scale=0.3, size=600) + lift * (np.arange(600) < 200))
        lira = membership.lira_scores(log_p[:400], references[:, :400])
        rmia = membership.rmia_scores(log_p[:400], references[:, :400], log_p[400:], references[:, 400:])
        for scores in (lira, rmia):
            assert low <= membership.auc(scores[:200], scores[200:]) <= high
