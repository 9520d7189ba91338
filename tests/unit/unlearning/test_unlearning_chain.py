"""Methods one after the other."""

from __future__ import annotations

import pytest
import torch

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.unlearning.chain import chain
from orchestrator.unlearning.methods import method_named
from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Budget, Data, derived
from tests.unit.unlearning.small import BUDGET, data, differing, state, whole_net

DISTORT, DISTANCE = method_named("weight-distortion", sigma=0.05), method_named("weight-distance")


def test_a_chain_is_its_methods_in_order() -> None:
    both, apart = whole_net(), whole_net()
    whole = chain(DISTORT, DISTANCE)
    whole.run(both, data(), Budget(5, 1e-2), seed=5)
    apart.origin = apart.snapshot()
    DISTORT.run(apart, data(), Budget(2, 1e-2), seed=derived(5, "part", 0))
    DISTANCE.run(apart, data(), Budget(3, 1e-2), seed=derived(5, "part", 1))
    assert not differing(state(both), state(apart))
    assert both.origin is None


def test_all_of_a_chain_refers_to_the_model_before_it() -> None:
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def look(job: Job) -> None:
        seen.append((job.origin.parameters["head.weight"], job.subject.model.head.weight.detach().clone()))

    subject = whole_net()
    before = subject.model.head.weight.detach().clone()
    chain(DISTORT, Recipe("look", look, needs_forget=False)).run(subject, data(), BUDGET, seed=5)
    ((origin, now),) = seen
    assert torch.equal(origin, before)
    assert not torch.equal(now, before)


def test_settings_are_named_by_place() -> None:
    made = chain(method_named("finetune"), DISTORT, DISTANCE)
    assert made.name == "finetune+weight-distortion+weight-distance"
    assert made.strength == "2.sigma"
    assert dict(made.settings) == {"1.weight_decay": 1e-3, "2.sigma": 0.05, "3.alpha": 1.0}
    assert set(made.ranges) == set(made.settings)
    changed = made.with_settings(**{"2.sigma": 0.1, "3.alpha": 2.0})
    assert dict(changed.settings) == {"1.weight_decay": 1e-3, "2.sigma": 0.1, "3.alpha": 2.0}
    assert made.settings["2.sigma"] == 0.05
    with pytest.raises(ConfigurationError, match=r"no setting '2\.alpha'"):
        made.with_settings(**{"2.alpha": 1.0})
    with pytest.raises(ConfigurationError, match="sigma of weight-distortion"):
        made.with_settings(**{"2.sigma": 100.0})
    assert chain(method_named("finetune"), method_named("finetune")).strength is None


def test_one_method_is_no_chain() -> None:
    assert chain(DISTORT) is DISTORT
    with pytest.raises(ConfigurationError, match="no method"):
        chain()


def test_a_chain_that_fails_leaves_what_was_before_it() -> None:
    subject = whole_net()
    before = state(subject)
    made = chain(DISTORT, method_named("scrub"))
    assert made.needs_forget
    with pytest.raises(DataError, match="scrub needs the data to forget"):
        made.run(subject, Data(data().retain), BUDGET, seed=5)
    assert not differing(before, state(subject))
    assert subject.origin is None


def test_progress_counts_on() -> None:
    told: list[tuple[int, int]] = []
    chain(DISTORT, DISTANCE).run(
        whole_net(), data(), Budget(5, 1e-2), seed=5, progress=lambda step, of, loss: told.append((step, of))
    )
    assert told == [(step, 5) for step in range(1, 6)]


def test_chains_within_chains() -> None:
    made = chain(chain(DISTORT, DISTANCE), method_named("finetune"))
    assert made.settings["1.1.sigma"] == 0.05
    assert made.with_settings(**{"1.1.sigma": 0.1}).settings["1.1.sigma"] == 0.1
