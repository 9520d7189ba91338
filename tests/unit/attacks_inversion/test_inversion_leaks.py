"""Attacks without a search: the head leak and the layer-by-layer attack, which a lock of convolutions does not stop."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from orchestrator.attacks.inversion.head_leak import HeadLeak, leaked_input
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.metrics import SUCCESS, psnr, ssim
from orchestrator.attacks.inversion.recursive import Recursive
from orchestrator.errors import DataError
from tests.unit.attacks_inversion.small_victims import flat, lenet, picture


def test_of_one_sample_a_linear_layers_input_is_in_its_gradient() -> None:
    seen = torch.rand(7)
    layer = torch.nn.Linear(7, 4)
    torch.autograd.backward(layer(seen).square().sum())
    assert layer.weight.grad is not None and layer.bias.grad is not None
    torch.testing.assert_close(leaked_input(layer.weight.grad, layer.bias.grad).float(), seen)


def test_of_two_samples_it_is_a_mixture() -> None:
    seen = torch.rand(2, 7)
    layer = torch.nn.Linear(7, 4)
    torch.autograd.backward(layer(seen).square().sum())
    assert layer.weight.grad is not None and layer.bias.grad is not None
    mixed = leaked_input(layer.weight.grad, layer.bias.grad).float()
    assert all(float((mixed - one).abs().max()) > 1e-3 for one in seen)


def test_a_zero_gradient_leaks_nothing() -> None:
    with pytest.raises(DataError, match="nothing leaks"):
        leaked_input(torch.zeros(4, 7), torch.zeros(4))


def test_an_image_that_a_linear_layer_sees_is_there_to_the_last_digit() -> None:
    victim, (image, label) = flat(), picture()
    found = HeadLeak(Knowledge.NO_LOCK).run(victim, victim.observe(image, label), seed=0)
    assert psnr(found.inputs[0], image[0]) > 80 and found.labels is not None and int(found.labels[0]) == int(label[0])


def test_behind_convolutions_the_features_lead_to_the_image() -> None:
    victim, (image, label) = lenet(), picture()
    found = HeadLeak(Knowledge.NO_LOCK, iterations=250).run(victim, victim.observe(image, label), seed=0)
    assert ssim(found.inputs[0], image[0]) >= SUCCESS


def test_the_head_leak_is_of_one_sample() -> None:
    victim, (image, label) = lenet(), picture()
    with pytest.raises(DataError, match="of one sample, and this is of 2"):
        HeadLeak(Knowledge.NO_LOCK).run(victim, victim.observe(image.repeat(2, 1, 1, 1), label.repeat(2)), seed=0)


def test_layer_by_layer_the_image_comes_back_as_far_as_float32_carries_it() -> None:
    victim, (image, label) = lenet(), picture()
    found = Recursive(Knowledge.NO_LOCK).run(victim, victim.observe(image, label), seed=0)
    assert psnr(found.inputs[0], image[0]) > 50


@pytest.mark.parametrize("seed", range(3))
def test_a_lock_does_not_stop_it_and_neither_key_nor_lock_is_needed(seed: int) -> None:
    victim, (image, label) = lenet(locked=True, seed=seed), picture()
    found = Recursive(Knowledge.FREE).run(victim, victim.observe(image, label), seed=0)
    inside = torch.corrcoef(torch.stack([found.inputs.flatten(), image.flatten()]))[0, 1]
    assert found.figures["living"] < 12  # ReLU made some γ 0
    assert float(inside) > 0.95 and ssim(found.inputs[0], image[0]) >= SUCCESS


def test_where_every_scale_is_zero_nothing_of_the_image_is_left() -> None:
    victim, (image, label) = lenet(locked=True), picture()
    with torch.no_grad():
        for layer in victim.model.locked_layers():
            layer.scale_fc.weight.zero_()
            layer.scale_fc.bias.fill_(-1)
    with pytest.raises(DataError, match="says nothing of the image"):
        Recursive(Knowledge.FREE).run(victim, victim.observe(image, label), seed=0)


@pytest.mark.parametrize("network", ["lenet-relu", "resnet20"])
def test_it_needs_a_lenet_with_sigmoids(network: str) -> None:
    victim, (image, label) = lenet(network=network), picture()
    with pytest.raises(DataError, match="LeNet with sigmoids"):
        Recursive(Knowledge.NO_LOCK).run(victim, victim.observe(image, label), seed=0)


def test_a_batch_of_two_stops_it() -> None:
    victim, (image, label) = lenet(), picture()
    two = victim.observe(torch.cat([image, 1 - image]), label.repeat(2))
    with pytest.raises(DataError, match="one image"):
        Recursive(Knowledge.NO_LOCK).run(victim, two, seed=0)
    pretended = Recursive(Knowledge.NO_LOCK).run(victim, replace(two, batch=1), seed=0)
    assert ssim(pretended.inputs[0], image[0]) < SUCCESS
