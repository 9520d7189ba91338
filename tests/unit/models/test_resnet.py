"""ResNet-18 for small images: the paper's size at width 1, and the same values from one seed everywhere."""

from __future__ import annotations

import pytest
import torch

from orchestrator.errors import ConfigurationError
from orchestrator.models.resnet import ResNet18, seeded_resnet18


def size_of(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_full_width_is_the_network_of_the_papers() -> None:
    with torch.device("meta"):
        assert size_of(ResNet18(10)) == 11_173_962
        assert size_of(ResNet18(100)) - size_of(ResNet18(10)) == 90 * 513


@pytest.mark.parametrize(("channels", "side"), [(1, 28), (3, 32)])
def test_images_become_logits(channels: int, side: int) -> None:
    model = seeded_resnet18(0, 7, channels, width=1 / 16).eval()
    assert tuple(model(torch.zeros(2, channels, side, side)).shape) == (2, 7)


def test_a_quarter_of_the_width_is_a_quarter_of_all_channels() -> None:
    with torch.device("meta"):
        wide, narrow = ResNet18(10), ResNet18(10, width=0.25)
    pairs = zip(wide.named_parameters(), narrow.named_parameters(), strict=True)
    for (name, one), (other_name, other) in pairs:
        assert name == other_name
        assert one.shape[0] == other.shape[0] * (1 if name.startswith("fc") else 4)


def test_values_follow_from_the_seed_alone() -> None:
    first, again, other = (seeded_resnet18(seed, 3, 1, 1 / 16) for seed in (1, 1, 2))
    for (name, one), two, three in zip(first.named_parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)
        assert torch.equal(one, three) == (one.ndim == 1), name
    weight = first.layer3[0].conv2.weight.detach()
    assert float(weight.std()) == pytest.approx((2 / (16 * 9)) ** 0.5, rel=0.05)


def test_a_network_without_channels_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"width 0\.001"):
        ResNet18(10, width=0.001)
