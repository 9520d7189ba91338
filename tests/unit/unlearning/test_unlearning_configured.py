"""The settings' group ``unlearning``: one configuration a method, with the values the method has anyway."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest
import torch

from orchestrator.errors import ConfigurationError
from orchestrator.settings import choices, compose
from orchestrator.unlearning.configured import Unlearning
from orchestrator.unlearning.methods import method_named, methods
from tests.unit.unlearning.small import data, differing, state, whole_net

CHAINS = ("distortion-and-distance",)


def group(*overrides: str) -> dict[str, Any]:
    return copy.deepcopy(composed(overrides))


@cache
def composed(overrides: tuple[str, ...]) -> dict[str, Any]:
    return dict(compose(list(overrides)).group("unlearning"))


def test_each_method_has_a_configuration() -> None:
    assert sorted(choices("unlearning")) == sorted((*methods(), *CHAINS))


@pytest.mark.parametrize("name", methods())
def test_a_configuration_names_every_setting_with_its_usual_value(name: str) -> None:
    values = group(f"unlearning={name}")
    found = Unlearning.from_settings(values)
    assert found.method.name == name
    assert set(values["settings"]) == set(found.method.ranges)
    assert found.method.settings == method_named(name).settings
    assert (found.budget.steps, found.budget.learning_rate, found.budget.weight_decay) == (100, 1e-5, 0.0)
    assert (found.most, found.halvings, found.seed) == (None, 6, 7)


def test_chains_and_overrides() -> None:
    found = Unlearning.from_settings(group("unlearning=distortion-and-distance", "unlearning.settings.sigma=0.004"))
    assert found.method.name == "weight-distortion+weight-distance"
    assert found.method.settings == {"1.sigma": 0.004, "2.alpha": 1.0}
    tuned = Unlearning.from_settings(group("unlearning=npo", "unlearning.tune.most=0.02", "unlearning.budget.steps=9"))
    assert (tuned.most, tuned.budget.steps) == (0.02, 9)


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        (("method",), "amnesia", "unknown unlearning method 'amnesia'"),
        (("method",), 3, "unlearning.method is 3"),
        (("settings",), None, "unlearning.settings is None"),
        (("settings", "alpha"), "much", "alpha of npo is 'much'"),
        (("settings", "zeal"), 1, "no setting 'zeal'"),
        (("then",), "scrub", "unlearning.then is 'scrub'"),
        (("then",), [{"method": "scrub"}], "unlearning.settings is None"),
        (("budget",), 5, "unlearning.budget is 5"),
        (("budget", "steps"), 1.5, "unlearning.budget.steps is 1.5"),
        (("budget", "steps"), -1, "unlearning.budget.steps is -1"),
        (("budget", "learning_rate"), "fast", "unlearning.budget.learning_rate is 'fast'"),
        (("budget", "learning_rate"), 0, "out of bounds"),
        (("tune", "most"), True, "unlearning.tune.most is True"),
        (("tune", "halvings"), None, "unlearning.tune.halvings is None"),
        (("seed",), "lucky", "unlearning.seed is 'lucky'"),
    ],
)
def test_values_that_cannot_be(where: tuple[str, ...], value: Any, message: str) -> None:
    values = group("unlearning=npo")
    place: Any = values
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    with pytest.raises(ConfigurationError, match=message):
        Unlearning.from_settings(values)


def test_applying_runs_the_method() -> None:
    values = group("unlearning=weight-distortion", "unlearning.budget.steps=2")
    one, other = whole_net(), whole_net()
    chosen = Unlearning.from_settings(values)
    assert chosen.apply(one, data()) is chosen.method
    method_named("weight-distortion").run(other, data(), chosen.budget, seed=7)
    assert not differing(state(one), state(other))


def test_applying_finds_the_strength_first() -> None:
    values = group("unlearning=attenuation", "unlearning.budget.steps=0", "unlearning.tune.most=0.25")
    subject = whole_net()
    start = float(subject.model.head.weight.detach().abs().sum())

    def shrunk() -> float:
        return 1 - float(subject.model.head.weight.detach().abs().sum()) / start

    method = Unlearning.from_settings(values).apply(subject, data(), shrunk)
    assert 0.2 < shrunk() <= 0.25
    assert shrunk() == pytest.approx(method.settings["taken"], abs=1e-6)
    with pytest.raises(ConfigurationError, match="needs a figure on retained data"):
        Unlearning.from_settings(values).apply(subject, data())
    assert torch.isfinite(subject.model.head.weight).all()
