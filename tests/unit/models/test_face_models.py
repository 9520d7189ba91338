"""Small networks for faces: shapes, the same values everywhere, second derivatives, and no look at the batch."""

from __future__ import annotations

import pytest
import torch

from orchestrator.errors import ConfigurationError
from orchestrator.models.base import state_digest
from orchestrator.models.faces import NAMES, WithFeatures, face_model

PICTURES = torch.randn(3, 1, 16, 24, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", NAMES)
def test_logits_are_the_heads_of_features(name: str) -> None:
    model = face_model(name, 5, height=16, width=24)
    features = model.features(PICTURES)
    assert features.shape == (3, model.width) and isinstance(model, WithFeatures)
    assert torch.equal(model.head(features), model(PICTURES)) and model(PICTURES).shape == (3, 5)


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_give_equal_bits(name: str) -> None:
    digests = [state_digest(face_model(name, 5, height=16, width=24, seed=seed)) for seed in (3, 3, 4)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_picture_gets_does_not_depend_on_the_batch(name: str) -> None:
    model = face_model(name, 5, height=16, width=24)
    assert torch.allclose(model(PICTURES)[1:2], model(PICTURES[1:2]), atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_second_derivatives_are_those_of_finite_differences(name: str) -> None:
    model = face_model(name, 2, height=8, width=8).double()
    weight = model.head.weight.detach()
    pictures = torch.randn(2, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(2))

    def gradient_norm(pixels: torch.Tensor) -> torch.Tensor:
        value = (model.features(pixels) @ weight.T).sigmoid().square().sum()
        (found,) = torch.autograd.grad(value, pixels, create_graph=True)
        return found.square().sum()

    assert torch.autograd.gradcheck(gradient_norm, (pictures.requires_grad_(),), eps=1e-5, atol=1e-6)


@pytest.mark.parametrize("call", [("cnn", 0, 8, 8), ("resnet", 5, 8, 8), ("vit", 5, 12, 8)])
def test_what_cannot_be_built_is_refused(call: tuple[str, int, int, int]) -> None:
    name, outputs, height, width = call
    with pytest.raises(ConfigurationError):
        face_model(name, outputs, height=height, width=width)
