"""What leaves a member, and what attackers of each knowledge get of it."""

from __future__ import annotations

import pytest
import torch

from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.protocol import LocalSteps, Observation
from orchestrator.attacks.inversion.victim import ImageVictim, View, update
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.privacy.keylock.layer import KEY_LENGTH, is_lock
from tests.unit.attacks_inversion.small_victims import CLASSES, SHAPE, flat, lenet, picture

WITH_LOCK = [knowledge for knowledge in Knowledge if knowledge.locked]


def start(view: View) -> dict[str, torch.Tensor]:
    return view.guess.start(torch.Generator().manual_seed(0))


def test_nothing_of_a_lock_is_observed_and_what_is_is_float32() -> None:
    victim = lenet(locked=True)
    observed = victim.observe(*picture())
    names = {name for name, _ in victim.model.named_parameters()}
    assert observed.tensors.keys() == {name for name in names if not is_lock(name)} != names
    assert {tensor.dtype for tensor in observed.tensors.values()} == {torch.float32}


def test_a_gradient_is_that_of_the_members_own_loss() -> None:
    victim, (image, label) = lenet(), picture()
    model = victim.model.double()
    torch.autograd.backward(torch.nn.functional.cross_entropy(model(image, ()), label))
    for name, seen in victim.observe(image, label).tensors.items():
        own = model.get_parameter(name).grad
        assert own is not None
        torch.testing.assert_close(seen, own.float())


@pytest.mark.parametrize("knowledge", WITH_LOCK)
def test_only_who_knows_the_key_has_the_members_own_gradient_at_the_true_image(knowledge: Knowledge) -> None:
    victim, (image, label) = lenet(locked=True), picture()
    view, seen = victim.view(knowledge, 1), victim.observe(image, label).tensors
    found = view.gradients(image, label, start(view), graph=False)
    same = all(torch.allclose(found[name].float(), tensor, atol=1e-6) for name, tensor in seen.items())
    assert same == (knowledge is Knowledge.KEY_KNOWN)


def test_what_is_sought_besides_the_image() -> None:
    victim = lenet(locked=True)
    sought = {knowledge: start(victim.view(knowledge)) for knowledge in WITH_LOCK}
    assert sought[Knowledge.KEY_KNOWN] == {}
    assert sought[Knowledge.LOCK_KNOWN]["key"].shape == sought[Knowledge.NEITHER]["key"].shape == (KEY_LENGTH,)
    assert {name: value.shape for name, value in sought[Knowledge.FREE].items()} == {
        "scale 0": (12,),
        "shift 0": (12,),
    }


def test_the_true_key_in_the_members_own_lock_is_the_answer_and_in_another_lock_it_is_not() -> None:
    victim, (image, label) = lenet(locked=True), picture()
    assert victim.key is not None
    seen = victim.observe(image, label).tensors["conv2.weight"]
    for knowledge, right in ((Knowledge.LOCK_KNOWN, True), (Knowledge.NEITHER, False)):
        found = victim.view(knowledge, 1).gradients(image, label, {"key": victim.key.double()}, graph=False)
        assert torch.allclose(found["conv2.weight"].float(), seen, atol=1e-6) == right


def test_a_view_leaves_the_member_as_it_was() -> None:
    victim = lenet(locked=True)
    before = {name: tensor.clone() for name, tensor in victim.model.state_dict().items()}
    view = victim.view(Knowledge.NEITHER, 1)
    view.gradients(*picture(), start(view))
    after = victim.model.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())


@pytest.mark.parametrize(("locked", "knowledge"), [(False, Knowledge.FREE), (True, Knowledge.NO_LOCK)])
def test_knowledge_of_a_lock_goes_with_a_lock(locked: bool, knowledge: Knowledge) -> None:
    with pytest.raises(ConfigurationError, match="does not go with a victim"):
        lenet(locked=locked).view(knowledge)


def test_a_key_goes_with_a_lock() -> None:
    with pytest.raises(ConfigurationError, match="give both or neither"):
        ImageVictim(lenet().model, SHAPE, CLASSES, torch.rand(KEY_LENGTH))


def test_what_was_seen_of_another_network_or_is_not_finite_is_refused() -> None:
    view = lenet().view(Knowledge.NO_LOCK)
    with pytest.raises(DataError, match="not of the victim's network"):
        view.seen(flat().observe(*picture()))
    observed = lenet().observe(*picture())
    broken = {name: tensor * torch.nan for name, tensor in observed.tensors.items()}
    with pytest.raises(DataError, match="not finite"):
        view.seen(Observation(broken))


def test_an_update_is_the_sum_of_the_steps_gradients() -> None:
    victim, (image, label) = lenet(), picture()
    gradient = victim.observe(image, label).tensors
    one = victim.observe(image, label, LocalSteps(1, 0.5)).tensors
    for name, tensor in gradient.items():
        torch.testing.assert_close(one[name], -0.5 * tensor)
    view = victim.view(Knowledge.NO_LOCK)
    many = victim.observe(image, label, LocalSteps(3, 0.5)).tensors
    inside = update(view, image, label, {}, LocalSteps(3, 0.5))
    assert not torch.allclose(many["fc.weight"], 3 * one["fc.weight"], rtol=1e-3)
    for name, tensor in many.items():
        torch.testing.assert_close(inside[name].detach().float(), tensor)


def test_contrast_is_chosen_only_where_a_norm_hides_it() -> None:
    images = torch.linspace(-2, 3, 144).double().reshape(1, *SHAPE)
    open_, locked = lenet().view(Knowledge.NO_LOCK), lenet(locked=True).view(Knowledge.FREE)
    assert not open_.blind and locked.blind
    assert torch.equal(open_.pixels(images), images.clamp(0, 1))
    stretched = locked.pixels(images)
    assert float(stretched.min()) == 0 and float(stretched.max()) == 1
    assert float(stretched.mean()) == pytest.approx(0.5, abs=0.01)
