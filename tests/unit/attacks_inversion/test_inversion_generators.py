"""Generators, and GGL among what one of them makes."""

from __future__ import annotations

import sys

import pytest
import torch

from orchestrator.attacks.inversion.generator import Decoder, trained_decoder
from orchestrator.attacks.inversion.ggl import GenerativeLeakage
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.metrics import SUCCESS, ssim
from orchestrator.data.images import Pictures
from orchestrator.errors import DataError, EnvironmentMissing
from tests.unit.attacks_inversion.small_victims import SHAPE, lenet, picture

LATENT = 3


@pytest.fixture(scope="module")
def made() -> Decoder:
    """It has learnt bright bars, upright or not, wherever they are."""
    pixels = torch.zeros(16, *SHAPE, dtype=torch.uint8)
    for place in range(8):
        pixels[place, :, place + 1 : place + 4] = 250
        pixels[place + 8, :, :, place + 1 : place + 4] = 250
    learnt = Pictures(pixels, torch.zeros(16, dtype=torch.int64), 1)
    return trained_decoder(learnt, LATENT, steps=60, seed=0, batch=16)


def test_a_decoder_makes_images_and_equal_seeds_make_equal_ones(made: Decoder) -> None:
    images = made(torch.randn(5, LATENT))
    assert images.shape == (5, *SHAPE) and 0 <= float(images.min()) <= float(images.max()) <= 1
    with pytest.raises(DataError, match="multiples of 4"):
        Decoder(LATENT, (1, 10, 12))


def test_what_it_learnt_is_nearer_than_what_it_did_not(made: Decoder) -> None:
    """Its mean image has the brightness of its bars, not that of grey noise."""
    assert float(made(torch.zeros(1, LATENT)).mean()) == pytest.approx(0.25, abs=0.12)


def test_ggl_finds_an_image_that_the_generator_can_make(made: Decoder) -> None:
    victim, label = lenet(), picture()[1]
    image = made(torch.tensor([[1.0, -0.7, 0.4]])).double()
    attack = GenerativeLeakage(Knowledge.NO_LOCK, made, generations=30)
    found = attack.run(victim, victim.observe(image, label), seed=0)
    assert ssim(found.inputs[0], image[0]) >= SUCCESS and int(found.labels[0]) == int(label[0])  # type: ignore[index]


def test_ggl_does_not_find_what_its_generator_cannot_make(made: Decoder) -> None:
    victim, (image, label) = lenet(), picture()
    found = GenerativeLeakage(Knowledge.NO_LOCK, made, generations=8).run(victim, victim.observe(image, label), seed=0)
    assert ssim(found.inputs[0], image[0]) < SUCCESS


@pytest.mark.parametrize("knowledge", [Knowledge.LOCK_KNOWN, Knowledge.FREE])
def test_under_a_lock_it_breeds_scales_and_shifts_but_no_key(made: Decoder, knowledge: Knowledge) -> None:
    victim, (image, label) = lenet(locked=True), picture()
    found = GenerativeLeakage(knowledge, made, generations=1).run(victim, victim.observe(image, label), seed=0)
    bred = found.figures["iterations"] > GenerativeLeakage(knowledge, made).decoder.spread.in_features + 4
    assert bred == (knowledge is Knowledge.FREE) and bool(found.inputs.isfinite().all())


def test_without_its_library_ggl_says_what_to_install(made: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cmaes", None)
    victim = lenet()
    with pytest.raises(EnvironmentMissing, match="extra privacy"):
        GenerativeLeakage(Knowledge.NO_LOCK, made).run(victim, victim.observe(*picture()), seed=0)


def test_a_generator_needs_images() -> None:
    with pytest.raises(DataError, match="at least two"):
        trained_decoder(
            Pictures(torch.zeros(1, *SHAPE, dtype=torch.uint8), torch.zeros(1).long(), 1), 2, steps=1, seed=0
        )
