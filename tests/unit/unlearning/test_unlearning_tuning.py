"""Strength by bisection: the strongest that keeps the gap."""

from __future__ import annotations

import pytest
import torch

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.unlearning.chain import chain
from orchestrator.unlearning.methods import method_named
from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.refusal import ForgetDataMissing
from orchestrator.unlearning.subject import Budget, Data, Range, Subject
from orchestrator.unlearning.tuning import tune
from tests.unit.unlearning.small import BUDGET, data, differing, images, state, whole_net


def write(job: Job) -> None:
    """Leaves its strength in the model, so that a gap can be any function of it."""
    with torch.no_grad():
        job.subject.model.head.bias.fill_(job.settings["force"])
        if job.settings["force"] > 500:
            job.subject.model.head.bias.fill_(float("nan"))


WRITE = Recipe("write", write, False, "force", {"force": Range(1.0, 0.01, 1000.0)})


class World:
    """A subject whose gap is a function of the strength; counts how often it is measured."""

    def __init__(self) -> None:
        self.subject, self.measured = whole_net(), []

    def gap(self) -> float:
        force = float(self.subject.model.head.bias.detach()[0])
        self.measured.append(force)
        return force / 100

    def tuned(self, method=WRITE, *, most: float, **rest):
        return tune(method, self.subject, data(), BUDGET, self.gap, most=most, seed=5, **rest)


@pytest.mark.parametrize("most", [0.001, 0.07, 1.0, 4.9])
def test_the_strongest_that_keeps_the_gap(most: float) -> None:
    world = World()
    before = state(world.subject)
    force = world.tuned(most=most, halvings=10).settings["force"]
    assert force / 100 <= most
    assert force * 1.012 > most * 100  # 10 halvings of five decades
    assert any(abs(force - tried) < 1e-4 * force for tried in world.measured)  # float32 of what was tried
    assert not differing(before, state(world.subject))


def test_it_takes_eight_runs_and_repeats_itself() -> None:
    first, second = World(), World()
    assert first.tuned(most=1.0).settings == second.tuned(most=1.0).settings
    assert len(first.measured) == 7  # and one, the strongest, that was not finite
    assert first.measured == second.measured


def test_the_strongest_of_all() -> None:
    bounded = Recipe("write", write, False, "force", {"force": Range(1.0, 0.01, 400.0)})
    world = World()
    assert world.tuned(bounded, most=4.0).settings["force"] == 400.0
    assert len(world.measured) == 1


def test_too_strong_at_its_weakest() -> None:
    world = World()
    before = state(world.subject)
    with pytest.raises(DataError, match=r"write costs more than 1e-05 on retained data even at force 0\.01"):
        world.tuned(most=1e-5)
    assert not differing(before, state(world.subject))


def test_a_gap_that_is_no_number_is_not_kept() -> None:
    subject = whole_net()
    with pytest.raises(DataError, match="costs more"):
        tune(WRITE, subject, data(), BUDGET, lambda: float("nan"), most=1.0, seed=5)
    with pytest.raises(ConfigurationError, match="a gap of at most"):
        tune(WRITE, subject, data(), BUDGET, lambda: 0.0, most=float("inf"), seed=5)


def test_nothing_to_tune() -> None:
    method = method_named("finetune")
    assert World().tuned(method, most=0.0) is method


def test_no_data_to_forget() -> None:
    with pytest.raises(ForgetDataMissing, match="scrub needs the data to forget"):
        tune(method_named("scrub"), whole_net(), Data(data().retain), BUDGET, lambda: 0.0, most=1.0, seed=5)


def test_data_that_end_are_no_matter_of_strength() -> None:
    nothing = Data(lambda seed: iter(()))
    with pytest.raises(DataError, match="end before the steps do"):
        tune(method_named("weight-distance"), whole_net(), nothing, BUDGET, lambda: 0.0, most=1.0, seed=5)


def fitted() -> tuple[Subject, float]:
    """A network that knows its pictures, and its loss on them."""
    subject = whole_net()
    method_named("finetune").run(subject, data(), Budget(60, 1e-2), seed=1)
    return subject, loss_of(subject)


def loss_of(subject: Subject) -> float:
    with torch.no_grad(), subject.evaluated():
        return float(subject.task.losses(subject.model, images(1, 12)).mean())


@pytest.mark.parametrize("chained", [False, True])
def test_a_real_method_on_retained_data(chained: bool) -> None:
    subject, start = fitted()
    method = method_named("weight-distortion")
    whole = chain(method, method_named("finetune")) if chained else method
    found = tune(whole, subject, data(), BUDGET, lambda: loss_of(subject) - start, most=0.3, seed=5)
    assert found.strength is not None
    sigma = found.settings[found.strength]
    assert method.ranges["sigma"].least < sigma < method.ranges["sigma"].most
    found.run(subject, data(), BUDGET, seed=5)
    assert loss_of(subject) - start <= 0.3
