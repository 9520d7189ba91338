"""FGSM and PGD: beside the toolbox's own, within their bounds, and one at least as strong as the other."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import nn

from orchestrator.attacks.evasion.curve import curve_of_needs, masked, robust_curve
from orchestrator.attacks.evasion.images import Fgsm, Pgd, walk
from orchestrator.attacks.evasion.training import Effort, Schedule, price, train
from orchestrator.errors import ConfigurationError, DataError
from tests.unit.attacks_evasion.art_opinion import EPSILON, STEP, STEPS, images, labels, losses, network, weighed
from tests.unit.attacks_evasion.striped import faint_and_plain, stripes

ART_FGSM = (
    [2.36362, 4.36718, 1.58085, 1.35122, 3.24285, 1.05633, 3.6159, 3.42823],
    [2.3007, -4.3587, 9.2318, 4.2136, 4.6452, 6.35, -1.5, 3.35],
)
ART_PGD = (
    [2.36362, 4.37942, 1.58085, 1.35363, 3.25358, 1.08185, 3.61962, 3.43197],
    [2.3007, -4.4087, 9.2318, 6.0136, 6.6702, 8.6, -2.7, 4.2],
)
"""Losses and weighed changes by adversarial-robustness-toolbox 1.20.1, printed once by art_opinion.py."""
BUDGETS = (0.0, 0.05, 0.1, 0.2, 0.3)


@cache
def trained() -> nn.Module:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 4))
    train(net, *stripes(400, 1), Schedule(epochs=10, batch=50, rate=1e-2), seed=0)
    return net


def test_one_step_is_as_the_toolbox_has_it() -> None:
    changed = Fgsm().perturb(network(), images(), labels(), epsilon=EPSILON, seed=0)
    assert losses(changed) == pytest.approx(ART_FGSM[0], abs=2e-4)
    assert weighed(changed) == pytest.approx(ART_FGSM[1], abs=2e-3)


def test_many_steps_are_as_the_toolbox_has_them() -> None:
    *_, last = walk(network(), images(), labels(), images(), epsilon=EPSILON, step=STEP, steps=STEPS)
    assert losses(last) == pytest.approx(ART_PGD[0], abs=2e-4)
    assert weighed(last) == pytest.approx(ART_PGD[1], abs=2e-3)


@pytest.mark.parametrize("attack", [Fgsm(), Pgd(steps=5, restarts=2)], ids=lambda item: item.name)
@pytest.mark.parametrize("epsilon", [0.01, 0.3])
def test_no_pixel_goes_farther_than_it_may(attack: Fgsm | Pgd, epsilon: float) -> None:
    changed = attack.perturb(network(), images(), labels(), epsilon=epsilon, seed=3)
    assert (changed - images()).abs().max() <= epsilon + 1e-6
    assert changed.min() >= 0 and changed.max() <= 1
    assert not torch.equal(changed, images())


def test_many_steps_are_at_least_as_strong_as_one_at_each_budget() -> None:
    sample = stripes(120, 2)
    one, many = (robust_curve(trained(), attack, *sample, BUDGETS, seed=0) for attack in (Fgsm(), Pgd()))
    for budget in BUDGETS:
        assert many.at(budget).value <= one.at(budget).value
    assert masked(one, many) == ()
    assert one.at(0).value > 0.95 and one.at(0.3).value < 0.2
    accuracies = [point.accuracy.value for point in many.points]
    assert accuracies == sorted(accuracies, reverse=True) and len(set(accuracies)) > 2


def test_a_seed_decides_what_is_random() -> None:
    first, again, other = (
        Pgd(steps=1, restarts=1, reach=0.1).perturb(network(), images(), labels(), epsilon=0.2, seed=seed)
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_gradients_that_lead_astray_are_told() -> None:
    """Single steps that break more than many do are the sign of a masked gradient."""
    single = curve_of_needs("one", [0.1, 0.1, None], (0.0, 0.1))
    iterated = curve_of_needs("many", [0.1, None, None], (0.0, 0.1))
    assert masked(single, iterated) == (0.1,)


def test_adversarial_training_gains_at_its_budget_and_tells_its_price() -> None:
    budget, schedule, curves = 0.1, Schedule(epochs=10, batch=50, rate=1e-2), []
    for attack in (None, Pgd(steps=5, restarts=0)):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
        effort = train(net, *faint_and_plain(400, 1), schedule, seed=0, attack=attack, epsilon=budget)
        assert effort.steps == 80 and effort.seconds > 0
        curves.append(robust_curve(net, Pgd(), *faint_and_plain(200, 2), (0, budget), seed=0))
    found = price((curves[0], Effort(80, 2.0)), (curves[1], Effort(80, 9.0)), budget)
    assert found.robust_gained > 0.3
    assert found.document() == {
        "budget": budget,
        "clean_lost": curves[0].at(0).value - curves[1].at(0).value,
        "robust_gained": curves[1].at(budget).value - curves[0].at(budget).value,
        "slower": 4.5,
    }


def test_what_cannot_be_measured_is_told_in_one_line() -> None:
    sample = stripes(4, 0)
    with pytest.raises(DataError, match=r"images in \[0, 1\]"):
        robust_curve(trained(), Fgsm(), sample[0] * 255, sample[1], (0.1,), seed=0)
    with pytest.raises(ConfigurationError, match="budgets"):
        robust_curve(trained(), Fgsm(), *sample, (), seed=0)
    with pytest.raises(ConfigurationError, match="not measured at"):
        robust_curve(trained(), Fgsm(), *sample, (0, 0.1), seed=0).at(0.2)
    with pytest.raises(ConfigurationError, match="0 steps"):
        Pgd(steps=0)
    with pytest.raises(DataError, match="nothing to train on"):
        train(trained(), sample[0][:0], sample[1][:0], Schedule(), seed=0)
