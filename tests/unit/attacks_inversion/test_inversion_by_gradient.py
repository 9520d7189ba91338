"""DLG, iDLG, inverting gradients and GRNN: each brings a small image back, and none where nothing can be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from orchestrator.attacks.inversion.dlg import DeepLeakage
from orchestrator.attacks.inversion.grnn import MOST, Regression
from orchestrator.attacks.inversion.inverting_gradients import InvertingGradients
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.metrics import SUCCESS, ssim
from orchestrator.attacks.inversion.protocol import Attack, Observation
from orchestrator.attacks.inversion.victim import ImageVictim
from orchestrator.errors import ConfigurationError
from tests.unit.attacks_inversion.small_victims import SHAPE, lenet, picture

Made = Callable[[Knowledge], Attack[ImageVictim]]
ATTACKS: dict[str, Made] = {
    "dlg": lambda knowledge: DeepLeakage(knowledge, rounds=20, starts=4),
    "idlg": lambda knowledge: DeepLeakage(knowledge, rounds=20, starts=4, label="recovered"),
    "inverting-gradients": lambda knowledge: InvertingGradients(knowledge, iterations=250),
    "grnn": lambda knowledge: Regression(knowledge, iterations=600),
}


def noise_like(observed: Observation) -> Observation:
    """Tensors of the same shapes and lengths that say nothing of an image; the head's bias stays, for the label."""
    draw = torch.Generator().manual_seed(5)
    noise = {name: torch.randn(part.shape, generator=draw) for name, part in observed.tensors.items()}
    scaled = {name: part * observed.tensors[name].norm() / part.norm() for name, part in noise.items()}
    return replace(observed, tensors={**scaled, "fc.bias": observed.tensors["fc.bias"]})


@pytest.mark.parametrize("name", ATTACKS)
def test_the_image_and_its_label_come_back_from_one_gradient(name: str) -> None:
    victim, (image, label) = lenet(), picture()
    attack = ATTACKS[name](Knowledge.NO_LOCK)
    found = attack.run(victim, victim.observe(image, label), seed=0)
    assert attack.name == name and found.labels is not None
    assert ssim(found.inputs[0], image[0]) >= SUCCESS and int(found.labels[0]) == int(label[0])
    assert found.inputs.shape == (1, *SHAPE) and 0 <= float(found.inputs.min()) <= float(found.inputs.max()) <= 1


@pytest.mark.parametrize("name", ["idlg", "inverting-gradients"])
def test_noise_in_place_of_the_gradient_brings_back_nothing(name: str) -> None:
    victim, (image, label) = lenet(), picture()
    attack = ATTACKS[name](Knowledge.NO_LOCK)
    if isinstance(attack, DeepLeakage):
        attack = replace(attack, starts=1, rounds=5)
    if isinstance(attack, InvertingGradients):
        attack = replace(attack, iterations=100)
    found = attack.run(victim, noise_like(victim.observe(image, label)), seed=0)
    assert ssim(found.inputs[0], image[0]) < 0.3 and found.figures["distance"] > 0.01


def test_equal_seeds_give_equal_reconstructions_and_others_do_not() -> None:
    victim, (image, label) = lenet(), picture()
    attack = InvertingGradients(Knowledge.NO_LOCK, iterations=5)
    observed = victim.observe(image, label)
    first, again, other = (attack.run(victim, observed, seed=seed).inputs for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_a_start_that_converged_ends_the_attack_and_the_nearest_is_taken() -> None:
    victim, (image, label) = lenet(), picture()
    eager = DeepLeakage(Knowledge.NO_LOCK, rounds=1, starts=3, converged=1e9)
    patient = replace(eager, converged=0.0)
    observed = victim.observe(image, label)
    one, all_ = (attack.run(victim, observed, seed=0).figures for attack in (eager, patient))
    assert (one["starts"], all_["starts"]) == (1, 3)
    assert all_["distance"] <= one["distance"]


@pytest.mark.parametrize("knowledge", [knowledge for knowledge in Knowledge if knowledge.locked])
def test_under_a_lock_a_key_or_its_locks_are_sought_too(knowledge: Knowledge) -> None:
    victim, (image, label) = lenet(locked=True), picture()
    for attack in (DeepLeakage(knowledge, rounds=1, starts=1), InvertingGradients(knowledge, iterations=3)):
        found = attack.run(victim, victim.observe(image, label), seed=0)
        assert found.inputs.shape == (1, *SHAPE) and bool(found.inputs.isfinite().all())


def test_grnn_takes_no_more_than_four_thousand_iterations() -> None:
    with pytest.raises(ConfigurationError, match="not 4001"):
        Regression(Knowledge.NO_LOCK, iterations=MOST + 1)
