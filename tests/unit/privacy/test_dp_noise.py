"""Noise has the law it says, and follows from nothing that anybody knows."""

from __future__ import annotations

import math

import pytest
import torch

from orchestrator.privacy.dp.noise import Noise, SecureNoise, TorchNoise, noise_source

SOURCES = [SecureNoise, TorchNoise]


@pytest.mark.parametrize("make", SOURCES)
def test_it_is_normal(make: type[Noise]) -> None:
    """Kolmogorov and Smirnov, at a level that a right source fails once in 10^8."""
    count, deviation = 100_000, 2.5
    drawn = make().normal(deviation, torch.zeros(100, count // 100, dtype=torch.float64)).flatten().sort().values
    below = torch.distributions.Normal(0.0, deviation).cdf(drawn)
    steps = torch.arange(count + 1, dtype=torch.float64) / count
    distance = float(torch.maximum((below - steps[:-1]).abs(), (below - steps[1:]).abs()).max())
    assert distance < math.sqrt(math.log(2 / 1e-8) / (2 * count))


@pytest.mark.parametrize("make", SOURCES)
def test_each_sample_is_chosen_by_itself(make: type[Noise]) -> None:
    source = make()
    times = torch.zeros(50)
    sizes = []
    for _ in range(2000):
        rows = list(source.chosen(50, 0.1))
        times[rows] += 1
        sizes.append(len(rows))
    assert float((times - 200).abs().max()) < 6.5 * math.sqrt(2000 * 0.1 * 0.9)
    found = torch.tensor(sizes, dtype=torch.float64)
    assert abs(float(found.var()) - 50 * 0.1 * 0.9) < 1.2, "sizes vary as independent draws do"
    assert list(source.chosen(4, 1.0)) == [0, 1, 2, 3] and list(source.chosen(0, 0.5)) == []


@pytest.mark.parametrize("make", SOURCES)
def test_no_seed_repeats_it(make: type[Noise]) -> None:
    like = torch.zeros(7, 3)
    torch.manual_seed(1)
    one = make().normal(1.0, like)
    torch.manual_seed(1)
    other = make().normal(1.0, like)
    assert one.shape == like.shape and one.dtype == like.dtype and not torch.equal(one, other)


def test_a_source_does_not_repeat_itself() -> None:
    source = SecureNoise()
    like = torch.zeros(9)
    drawn = torch.stack([source.normal(1.0, like) for _ in range(20)])
    assert len(drawn.flatten().unique()) == drawn.numel()
    assert source.normal(1.0, torch.zeros(0)).numel() == 0


def test_the_task_says_which() -> None:
    assert isinstance(noise_source(True), SecureNoise) and isinstance(noise_source(False), TorchNoise)
