"""What unlearning does depends on ΔW alone: (B, A) and (B·G, G⁻¹·A) give the same model."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch import Tensor

from orchestrator.contribution import LowRank
from orchestrator.unlearning.methods import method_named, methods
from orchestrator.unlearning.subject import Budget, Subject
from orchestrator.unlearning.tasks import ImageTask
from tests.unit.unlearning.small import CLASSES, SmallNet, data, differing, state

RANK = 2
NAMES = ("blocks.0.conv.weight", "blocks.1.conv.weight", "head.weight")
SMALLER = {"tar": {"adversaries": 1, "inner_steps": 2}, "ssd": {"batches": 1}}


def factors(model: torch.nn.Module, seed: int) -> dict[str, LowRank]:
    """An adapter of every name."""
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for name in NAMES:
        rows, columns = model.get_parameter(name).flatten(1).shape
        a, b = torch.randn(RANK, columns, generator=generator), torch.randn(rows, RANK, generator=generator)
        made[name] = LowRank(a, 0.1 * b, alpha=4)
    return made


def folded(seed: int, gauge: Tensor) -> Subject:
    """A network with every adapter's factors as (B·G, G⁻¹·A)."""
    torch.manual_seed(seed)
    model = SmallNet()
    base = {name: model.get_parameter(name).detach().clone() for name in NAMES}
    inverse = torch.linalg.inv(gauge)
    with torch.no_grad():
        for name, low in factors(model, seed).items():
            change = low.scale * ((low.b @ gauge) @ (inverse @ low.a))
            model.get_parameter(name).add_(change.view(base[name].shape))
    return Subject.adapted(model, ImageTask(CLASSES), base)


def run(name: str, subject: Subject, steps: int) -> dict[str, Tensor]:
    method_named(name, **SMALLER.get(name, {})).run(subject, data(), Budget(steps, 1e-3), seed=5)
    return state(subject)


@pytest.mark.parametrize("name", methods())
@settings(max_examples=3, deadline=None)
@given(seed=some.integers(0, 1000), powers=some.tuples(some.integers(-6, 6), some.integers(-6, 6)))
def test_a_gauge_that_loses_nothing_gives_equal_bits(name: str, seed: int, powers: tuple[int, int]) -> None:
    gauge = torch.diag(torch.tensor([2.0 ** powers[0], -(2.0 ** powers[1])]))
    assert not differing(run(name, folded(seed, torch.eye(RANK)), 3), run(name, folded(seed, gauge), 3))


@pytest.mark.parametrize("name", methods())
@settings(max_examples=3, deadline=None)
@given(seed=some.integers(0, 1000), turn=some.floats(0, 6), stretch=some.floats(-1, 1))
def test_any_gauge_gives_the_same_to_rounding(name: str, seed: int, turn: float, stretch: float) -> None:
    angle = torch.tensor(turn)
    rotation = torch.tensor([[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]])
    gauge = rotation @ torch.diag(torch.tensor([10.0**stretch, 10.0**-stretch]))
    one, other = run(name, folded(seed, torch.eye(RANK)), 1), run(name, folded(seed, gauge), 1)
    for key in NAMES:
        # Adam's first step is the sign of a gradient: one that is all rounding may turn, and is 1e-3 either way
        far = (one[key] - other[key]).abs() > 1e-4
        assert float(far.float().mean()) < 0.02
        assert float((one[key] - other[key]).abs().max()) < 2.1e-3


def test_factors_would_tell_gauges_apart() -> None:
    """The same noise on B gives another model in another gauge: what the methods must not do."""
    low = factors(SmallNet(), 1)["head.weight"]
    gauge = torch.diag(torch.tensor([8.0, 0.125]))
    plain, turned = (low.b, low.a), (low.b @ gauge, torch.linalg.inv(gauge) @ low.a)
    assert torch.allclose(plain[0] @ plain[1], turned[0] @ turned[1], atol=1e-6)
    noise = torch.randn(low.b.shape, generator=torch.Generator().manual_seed(1))
    assert not torch.allclose((plain[0] + noise) @ plain[1], (turned[0] + noise) @ turned[1], atol=0.1)
