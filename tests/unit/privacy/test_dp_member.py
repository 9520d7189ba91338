"""The whole change of a training is clipped once and noised once."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import torch
from torch import Tensor
from unit.privacy.dp_world import ADAPTER, dp, model, nano, trained

from orchestrator.contribution import AdapterDelta
from orchestrator.privacy.dp.member import ByMember
from orchestrator.training import Discipline
from orchestrator.training.adapter import attached

ONE = {"unit": "member", "rate_nano": nano(1)}


class _Counting:
    def __init__(self) -> None:
        self.asked: list[float] = []

    def normal(self, deviation: float, like: Tensor) -> Tensor:
        self.asked.append(deviation)
        return torch.zeros_like(like)

    def chosen(self, count: int, rate: float) -> list[int]:
        raise AssertionError("a member is in every training")


def silent(**changes: Any) -> ByMember:
    made = ByMember(dp(**ONE, **changes))
    made._noise = _Counting()
    return made


def changed(delta: AdapterDelta) -> Tensor:
    """B, which begins at zero, and what A has become, whose start follows from the seed."""
    base = model()
    with torch.random.fork_rng():
        torch.manual_seed(3)
        with attached(base, ADAPTER) as made:
            start = {name: a.detach().clone() for name, (a, _) in made.layers.items()}
    return torch.cat(
        [torch.cat([low.b.flatten(), (low.a - start[name]).flatten()]) for name, low in delta.modules.items()]
    )


def test_the_change_is_clipped_as_a_whole() -> None:
    plain = changed(trained(Discipline(), repeat([1, 2, 3])).delta)
    source = silent(clip_nano=nano(0.001), noise_nano=nano(2))
    clipped = changed(trained(source.discipline(), repeat([1, 2, 3])).delta)
    assert float(plain.norm()) > 0.001
    assert abs(float(clipped.norm()) - 0.001) < 1e-6
    assert float(torch.nn.functional.cosine_similarity(plain, clipped, dim=0)) > 0.999
    assert set(source._noise.asked) == {0.002} and len(source._noise.asked) == 8  # type: ignore[attr-defined]


def test_a_small_change_is_left_as_it_is() -> None:
    plain = changed(trained(Discipline(), repeat([1, 2, 3])).delta)
    kept = changed(trained(silent(clip_nano=nano(1000)).discipline(), repeat([1, 2, 3])).delta)
    assert torch.allclose(plain, kept, atol=1e-7)


def test_noise_is_as_large_as_the_task_says() -> None:
    source = ByMember(dp(**ONE, clip_nano=nano(0.0001), noise_nano=nano(50)))
    found = changed(trained(source.discipline(), repeat([1, 2, 3])).delta)
    assert abs(float(found.std()) / 0.005 - 1) < 0.1 and abs(float(found.mean())) < 0.001
