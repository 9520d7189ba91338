"""What holds for every method, on a whole network and on adapted modules."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
import torch

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.unlearning.methods import method_named, methods
from orchestrator.unlearning.refusal import ForgetDataMissing, NotFinite
from orchestrator.unlearning.subject import Batch, Budget, Data, Subject
from orchestrator.unlearning.tasks import ImageTask
from tests.unit.unlearning.small import BUDGET, adapted_net, data, differing, state, whole_net

FORGETTING = {
    "cbft",
    "circuit-breakers",
    "gradient-ascent",
    "neggrad-plus",
    "npo",
    "random-relabel",
    "scrub",
    "ssd",
    "tar",
}
EVERY = methods()
SMALLER = {"tar": {"adversaries": 2, "inner_steps": 2}, "ssd": {"batches": 1}}
SUBJECTS = [whole_net, adapted_net]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def quick(name: str):
    return method_named(name, **SMALLER.get(name, {}))


def test_the_registry() -> None:
    assert set(EVERY) == FORGETTING | {
        "attenuation",
        "finetune",
        "l1",
        "weight-distance",
        "weight-distortion",
        "weight-dropout",
    }
    assert {name for name in EVERY if method_named(name).needs_forget} == FORGETTING
    assert [name for name in EVERY if method_named(name).strength is None] == ["finetune"]
    with pytest.raises(ConfigurationError, match="unknown unlearning method 'amnesia'"):
        method_named("amnesia")


@pytest.mark.parametrize("name", EVERY)
def test_settings_have_bounds(name: str) -> None:
    method = method_named(name)
    assert set(method.settings) == set(method.ranges)
    for setting, bounds in method.ranges.items():
        assert bounds.least <= bounds.usual <= bounds.most
        assert method.settings[setting] == bounds.usual
        for wrong in (bounds.most + 1, bounds.least - 1, float("nan"), True):
            with pytest.raises(ConfigurationError, match=f"{setting} of {name}"):
                method.with_settings(**{setting: wrong})
        if bounds.integer:
            with pytest.raises(ConfigurationError, match="a whole number"):
                method.with_settings(**{setting: bounds.least + 0.5})
    with pytest.raises(ConfigurationError, match="no setting 'zeal'"):
        method_named(name, zeal=1)


@pytest.mark.parametrize("make", SUBJECTS)
@pytest.mark.parametrize("name", EVERY)
def test_equal_seeds_give_equal_bits(name: str, make: Callable[[], Subject]) -> None:
    first, second, other = make(), make(), make()
    for subject, seed in ((first, 5), (second, 5), (other, 6)):
        torch.manual_seed(random.Random(id(subject)).getrandbits(30))  # what came before must not matter
        quick(name).run(subject, data(), BUDGET, seed=seed)
    assert not differing(state(first), state(second))
    assert differing(state(first), state(other))


@pytest.mark.parametrize("make", SUBJECTS)
@pytest.mark.parametrize("name", EVERY)
def test_only_what_is_named_changes(name: str, make: Callable[[], Subject]) -> None:
    subject = make()
    before = state(subject)
    subject.model.eval()
    wishes = {key: parameter.requires_grad for key, parameter in subject.model.named_parameters()}
    generator = torch.get_rng_state()
    quick(name).run(subject, data(), BUDGET, seed=5)
    changed = differing(before, state(subject))
    running = set() if subject.base is not None else {key for key in before if key not in wishes}
    behind = {"head.weight", "head.bias"} if name == "circuit-breakers" else set()  # no loss of its own passes there
    assert set(subject.names) - behind <= changed <= set(subject.names) | running
    assert {key: parameter.requires_grad for key, parameter in subject.model.named_parameters()} == wishes
    assert all(parameter.grad is None for parameter in subject.model.parameters())
    assert not any(module.training for module in subject.model.modules())
    assert not any(module._forward_hooks for module in subject.model.modules())
    assert subject.origin is None
    assert torch.equal(torch.get_rng_state(), generator)


@pytest.mark.parametrize("name", sorted(FORGETTING))
def test_without_the_data_to_forget(name: str) -> None:
    subject = whole_net()
    before = state(subject)
    with pytest.raises(ForgetDataMissing, match=f"{name} needs the data to forget") as raised:
        quick(name).run(subject, Data(data().retain), BUDGET, seed=5)
    assert "weight-distance" in raised.value.mend
    assert not differing(before, state(subject))


@pytest.mark.parametrize("name", sorted(set(EVERY) - FORGETTING))
def test_these_do_without(name: str) -> None:
    with_data, without = whole_net(), whole_net()
    quick(name).run(with_data, data(), BUDGET, seed=5)
    quick(name).run(without, Data(data().retain), BUDGET, seed=5)
    assert not differing(state(with_data), state(without))


def poisoned(batch: Batch) -> Batch:
    return {**batch, "pixel_values": batch["pixel_values"] * float("nan")}


@pytest.mark.parametrize("name", EVERY)
def test_numbers_that_are_not_finite(name: str) -> None:
    subject = whole_net()
    before = state(subject)
    good = data()
    bad = Data(lambda seed: map(poisoned, good.retain(seed)), lambda seed: map(poisoned, good.forget(seed)))
    with pytest.raises(NotFinite, match="is not finite"):
        quick(name).run(subject, bad, BUDGET, seed=5)
    assert not differing(before, state(subject))
    assert not any(parameter.grad is not None for parameter in subject.model.parameters())


@pytest.mark.parametrize("name", EVERY)
def test_data_that_end(name: str) -> None:
    subject = whole_net()
    before = state(subject)
    with pytest.raises(DataError, match="end before the steps do"):
        quick(name).run(subject, Data(lambda seed: iter(()), lambda seed: iter(())), BUDGET, seed=5)
    assert not differing(before, state(subject))


def test_a_loss_that_nothing_depends_on() -> None:
    subject = Subject(whole_net().model, ImageTask(3), ("head.weight",))
    with pytest.raises(DataError, match="the loss of circuit-breakers does not depend on anything that may change"):
        quick("circuit-breakers").run(subject, data(), BUDGET, seed=5)


@pytest.mark.parametrize("name", EVERY)
def test_progress(name: str) -> None:
    told: list[tuple[int, int]] = []
    quick(name).run(whole_net(), data(), BUDGET, seed=5, progress=lambda step, of, loss: told.append((step, of)))
    assert told == [(step, BUDGET.steps) for step in range(1, BUDGET.steps + 1)]


def test_weight_decay_of_the_budget_pulls_to_the_base() -> None:
    far = Budget(steps=60, learning_rate=5e-3, weight_decay=10.0)
    for make in SUBJECTS:
        subject = make()
        before = sum(float(delta.abs().sum()) for delta in subject.delta().values())
        quick("weight-distance").with_settings(alpha=0.001).run(subject, data(), far, seed=1)
        assert sum(float(delta.abs().sum()) for delta in subject.delta().values()) < 0.6 * before
