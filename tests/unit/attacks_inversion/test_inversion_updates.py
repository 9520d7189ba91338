"""Inversion from an update after several local steps."""

from __future__ import annotations

import pytest
import torch

from orchestrator.attacks.inversion.from_update import FromUpdate, as_gradient
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.metrics import SUCCESS, ssim
from orchestrator.attacks.inversion.protocol import LocalSteps
from orchestrator.errors import DataError
from tests.unit.attacks_inversion.small_victims import lenet, picture

LOCAL = LocalSteps(3, 0.1)


def test_one_step_is_a_gradient() -> None:
    victim, (image, label) = lenet(), picture()
    gradient = victim.observe(image, label).tensors
    alike = as_gradient(victim.observe(image, label, LocalSteps(1, 0.25)))
    assert alike.local is None
    for name, tensor in gradient.items():
        torch.testing.assert_close(alike.tensors[name], tensor)


def test_the_image_comes_back_from_three_steps() -> None:
    victim, (image, label) = lenet(), picture()
    found = FromUpdate(Knowledge.NO_LOCK, iterations=150).run(victim, victim.observe(image, label, LOCAL), seed=0)
    assert ssim(found.inputs[0], image[0]) >= SUCCESS and found.labels is not None
    assert int(found.labels[0]) == int(label[0])


def test_training_inside_is_nearer_than_taking_the_update_for_a_gradient() -> None:
    victim, (image, label) = lenet(), picture()
    observed = victim.observe(image, label, LocalSteps(3, 2.0))
    inside, outside = (
        FromUpdate(Knowledge.NO_LOCK, iterations=100, unrolled=unrolled).run(victim, observed, seed=0)
        for unrolled in (True, False)
    )
    assert inside.figures["distance"] < outside.figures["distance"]


def test_a_gradient_is_no_update() -> None:
    victim, (image, label) = lenet(), picture()
    with pytest.raises(DataError, match="not an update"):
        FromUpdate(Knowledge.NO_LOCK).run(victim, victim.observe(image, label), seed=0)
    with pytest.raises(DataError, match="a gradient already"):
        as_gradient(victim.observe(image, label))
