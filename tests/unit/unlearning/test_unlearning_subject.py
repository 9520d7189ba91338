"""A subject: what may change, in which mode, and how it comes back."""

from __future__ import annotations

import hashlib

import pytest
import torch
from torch import nn

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.unlearning.subject import Budget, Elsewhere, Subject, derived
from orchestrator.unlearning.tasks import ImageTask
from tests.unit.unlearning.small import SmallNet, adapted_net, differing, images, state, whole_net

NAMES = ("blocks.0.conv.weight", "head.weight")


def test_delta_is_what_differs_from_the_base() -> None:
    subject = adapted_net()
    assert subject.base is not None
    for name, delta in subject.delta().items():
        assert torch.equal(delta, subject.model.get_parameter(name).detach() - subject.base[name])
        assert not delta.requires_grad
    whole = whole_net()
    assert torch.equal(whole.delta()["head.weight"], whole.model.head.weight)
    whole.delta()["head.weight"].zero_()
    assert whole.model.head.weight.abs().sum() > 0
    with whole.trainable():
        assert all(delta.requires_grad for delta in whole.delta(graph=True).values())


def test_scaling_the_delta_leaves_bits_where_the_factor_is_one() -> None:
    subject = adapted_net()
    before = state(subject)
    subject.scale_delta({name: torch.ones(()) for name in subject.names})
    assert not differing(before, state(subject))
    subject.scale_delta({name: torch.zeros(()) for name in subject.names})
    assert all(torch.equal(subject.model.get_parameter(name), subject.base[name]) for name in subject.names)


def test_names_and_bases_that_do_not_fit() -> None:
    model, task = SmallNet(), ImageTask(3)
    weight = model.head.weight.detach()
    for names, base, message in (
        ((), None, "no parameter may change"),
        (("head.weight", "head.weight"), None, "named twice"),
        (("neck.weight",), None, "no parameter neck.weight"),
        (("head.weight",), {}, "the base has no head.weight"),
        (("head.weight",), {"head.weight": weight[:1]}, "the base has no head.weight"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            Subject(model, task, names, base)
    with pytest.raises(ConfigurationError, match="bfloat16"):
        Subject.whole(model.to(torch.bfloat16), task)


def test_adapted_names_are_those_of_the_base() -> None:
    model = SmallNet()
    base = {name: model.get_parameter(name).detach().clone() for name in NAMES}
    subject = Subject.adapted(model, ImageTask(3), base)
    assert subject.names == NAMES
    assert all(not delta.any() for delta in subject.delta().values())


def test_a_snapshot_brings_back_weights_and_running_figures() -> None:
    subject = whole_net()
    before, kept = state(subject), subject.snapshot()
    subject.model.train()
    subject.model(images(1, 4)["pixel_values"])
    subject.scale_delta({name: torch.tensor(0.5) for name in subject.names})
    assert {"head.weight", "blocks.0.norm.running_mean"} <= differing(before, state(subject))
    subject.restore(kept)
    assert not differing(before, state(subject))


def test_what_fails_leaves_nothing_behind() -> None:
    subject = whole_net()
    before = state(subject)
    with pytest.raises(DataError, match="so it goes"), subject.unchanged_on_failure():
        subject.scale_delta({name: torch.tensor(0.5) for name in subject.names})
        raise DataError("so it goes")
    assert not differing(before, state(subject))
    with subject.unchanged_on_failure():
        subject.scale_delta({name: torch.tensor(0.5) for name in subject.names})
    assert differing(before, state(subject))


def norms(subject: Subject) -> list[bool]:
    return [module.training for module in subject.model.modules() if isinstance(module, nn.BatchNorm2d)]


def test_batch_norms_learn_only_where_their_own_weights_may() -> None:
    subject = whole_net()
    subject.model.eval()
    with subject.trainable():
        assert norms(subject) == [True, True]
    one = Subject(subject.model, subject.task, ("blocks.1.norm.weight",))
    with one.trainable():
        assert norms(one) == [False, True]
        assert [name for name, found in one.model.named_parameters() if found.requires_grad] == list(one.names)
        with one.evaluated(norms=False):
            assert norms(one) == [False, True]
            assert not one.model.blocks[1].drop.training
        with one.evaluated():
            assert norms(one) == [False, False]
        assert one.model.blocks[1].drop.training
    assert not any(module.training for module in subject.model.modules())


def test_batch_norms_without_weights_follow_the_whole_network() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2, affine=False))
    whole = Subject.whole(model, ImageTask(2))
    with whole.trainable():
        assert norms(whole) == [True]
    adapted = Subject(model, ImageTask(2), ("0.weight",), {"0.weight": model[0].weight.detach().clone()})
    with adapted.trainable():
        assert norms(adapted) == [False]


def test_elsewhere_leaves_the_model_where_it_is() -> None:
    subject = whole_net()
    subject.model.eval()
    before, inputs = state(subject), images(1, 4)
    at_zero = Elsewhere(subject.model, {"head.weight": torch.zeros(3, 4), "head.bias": torch.tensor([1.0, 2.0, 3.0])})
    found = subject.task.logits(at_zero, inputs)
    assert torch.equal(found, torch.tensor([[1.0, 2.0, 3.0]]).expand(4, 3))
    assert not differing(before, state(subject))


def test_numbers_that_are_not_finite_are_named() -> None:
    subject = whole_net()
    subject.check_finite("it")
    with torch.no_grad():
        subject.model.blocks[0].norm.running_var[1] = float("inf")
    with pytest.raises(DataError, match=r"blocks\.0\.norm\.running_var after it is not finite"):
        subject.check_finite("it")


def test_masks_may_be_infinite() -> None:
    subject = whole_net()
    subject.model.register_buffer("mask", torch.tensor(-torch.inf))
    subject.check_finite("it")


def test_budgets_out_of_bounds() -> None:
    for wrong in ((-1, 0.1, 0.0), (1, 0.0, 0.0), (1, float("nan"), 0.0), (1, 0.1, -1.0)):
        with pytest.raises(ConfigurationError, match="out of bounds"):
            Budget(*wrong)


def test_seeds_for_each_purpose() -> None:
    made = {derived(1, "retain"), derived(1, "forget"), derived(2, "retain"), derived(1, "part", 1)}
    assert len(made) == 4
    text = b"loranchor unlearning seed 1/1/part/1"
    assert derived(1, "part", 1) == int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 2
    assert all(0 <= seed < 2**62 for seed in made)
