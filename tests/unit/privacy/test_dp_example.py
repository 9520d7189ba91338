"""DP-SGD: each sample's gradient is clipped by itself, noise is on their sum, and nothing stays on the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

import pytest
import torch
from torch import Tensor
from unit.privacy.dp_world import ADAPTER, COUNT, dp, model, nano, place, samples, settings, trained

from orchestrator.aggregation import Ground, strategy_named
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.privacy import policy_named
from orchestrator.privacy.dp.example import ByExample, losses_of
from orchestrator.training import AdapterSettings, Discipline, Run
from orchestrator.training.adapter import attached
from orchestrator.training.beginning import begin

NO_NOISE = 1e-12


class _Silent:
    """A source whose noise is none and whose steps see what a test says."""

    def __init__(self, rows: Sequence[int] = ()) -> None:
        self.rows, self.asked = rows, list[float]()

    def normal(self, deviation: float, like: Tensor) -> Tensor:
        self.asked.append(deviation)
        return torch.zeros_like(like)

    def chosen(self, count: int, rate: float) -> Sequence[int]:
        return self.rows


def by_example(rows: int = 4, noise: Any = None, **changes: Any) -> ByExample:
    made = ByExample(dp(**changes), place(rows))
    made._noise = noise or _Silent()
    return made


def gradients(made: Any, source: ByExample, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], float]:
    """What one step would train with."""
    trainable = {name: item for name, item in made.model.named_parameters() if item.requires_grad}
    run = Run(trainable, torch.optim.SGD(trainable.values(), lr=1.0), torch.device("cpu"))
    made.model.train()
    with source.around(made):
        loss = source.gradients(made.model, batch, run)
    return {name: item.grad.clone() for name, item in trainable.items() if item.grad is not None}, float(loss)


def each(made: Any, batch: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """Each sample's gradient, by a backward pass of its own."""
    trainable = {name: item for name, item in made.model.named_parameters() if item.requires_grad}
    found = []
    for row in range(len(batch["labels"])):
        loss = losses_of(made.model, {name: tensor[row : row + 1] for name, tensor in batch.items()})
        parts = torch.autograd.grad(loss.sum(), list(trainable.values()))
        found.append(dict(zip(trainable, parts, strict=True)))
    return found


def clipped_sum(parts: list[dict[str, Tensor]], clip: float) -> dict[str, Tensor]:
    def factor(part: dict[str, Tensor]) -> float:
        return min(1.0, clip / float(torch.stack([item.norm() for item in part.values()]).norm()))

    return {name: torch.stack([part[name] * factor(part) for part in parts]).sum(0) for name in parts[0]}


@pytest.mark.parametrize("frozen", ["a", None])
@pytest.mark.parametrize("rows", [12, 5])
def test_gradients_are_the_sum_of_clipped_ones(frozen: str | None, rows: int) -> None:
    """As backward passes of single samples say, with the samples at once and a few at a time, in ffa and without."""
    batch = samples().batch(range(COUNT))
    source = by_example(rows, clip_nano=nano(0.05))
    with torch.random.fork_rng(), attached(model(), ADAPTER) as made:
        if frozen:
            shapes = {name: (b.shape[0], a.shape[1]) for name, (a, b) in made.layers.items()}
            start = strategy_named("ffa", fraction_bits=16, rule="mean", trim=0).start(  # type: ignore[attr-defined]
                Ground(7, ADAPTER.rank, shapes, (), lambda _: None, 0)  # type: ignore[arg-type, return-value]
            )
            begin(made.layers, start)
        else:
            for _, b in made.layers.values():
                torch.nn.init.normal_(b, std=0.1)
        parts = each(made, batch)
        found, loss = gradients(made, source, batch)
    expected = clipped_sum(parts, 0.05)
    norms = [float(torch.stack([item.norm() for item in part.values()]).norm()) for part in parts]
    assert max(norms) > 0.05, "something was clipped"
    assert found.keys() == expected.keys() and all(("lora_B" in name) or not frozen for name in found)
    for name, tensor in found.items():
        assert torch.allclose(tensor * (0.25 * COUNT), expected[name], rtol=1e-3, atol=1e-6), name
    assert loss > 0


def test_a_sample_changes_the_sum_by_its_own_clipped_gradient_alone() -> None:
    """Also one much longer than the others: what clipping bounds is all that there is to bound."""
    source = by_example(COUNT, clip_nano=nano(0.02))
    with torch.random.fork_rng(), attached(model(), ADAPTER) as made:
        all_, _ = gradients(made, source, samples().batch(range(COUNT)))
        for left_out in (0, 7):
            kept = [row for row in range(COUNT) if row != left_out]
            without, _ = gradients(made, by_example(COUNT, clip_nano=nano(0.02)), samples().batch(kept))
            change = torch.stack([(all_[name] - without[name]).norm() for name in all_]).norm() * (0.25 * COUNT)
            assert float(change) <= 0.02 * 1.001


def test_noise_is_drawn_once_a_step_and_a_step_without_samples_has_it_too() -> None:
    source = by_example(4, _Silent(), clip_nano=nano(0.5), noise_nano=nano(3))
    with torch.random.fork_rng(), attached(model(), ADAPTER) as made:
        found, loss = gradients(made, source, samples().batch([]))
        assert set(source._noise.asked) == {1.5} and len(source._noise.asked) == len(found)  # type: ignore[attr-defined]
        assert loss == 0 and not any(float(item.norm()) for item in found.values())
        source._noise.asked.clear()  # type: ignore[attr-defined]
        gradients(made, source, samples().batch(range(COUNT)))
        assert len(source._noise.asked) == len(found), "three parts of a batch, one noise"  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "dense"), [("causal_lm", ()), ("classifier", ("score",))])
@pytest.mark.parametrize("generator", ["secure", "torch"])
def test_trainings_differ_and_leave_nothing_behind(kind: Any, dense: tuple[str, ...], generator: str) -> None:
    adapter = AdapterSettings(("q_proj", "v_proj"), 4, 8, dense=dense)
    made = [
        trained(policy_named("dp").discipline(settings(generator=generator), place()), kind=kind, adapter=adapter)  # type: ignore[arg-type]
        for _ in range(2)
    ]
    deltas = [item.delta for item in made]
    assert not torch.equal(*(next(iter(item.modules.values())).b for item in deltas)), "no seed decides the noise"
    assert made[0].samples == made[1].samples == round(0.25 * COUNT * 3), "the expected number, not the drawn one"
    assert len(deltas[0].dense) == len(dense)


def test_the_model_is_as_it_was() -> None:
    base = model()
    before = {name: item.clone() for name, item in base.state_dict().items()}
    names = {name: set(vars(item)) for name, item in base.named_parameters()}
    with torch.random.fork_rng(), attached(base, ADAPTER) as made:
        gradients(made, by_example(), samples().batch([1, 2]))
    assert {name: set(vars(item)) for name, item in base.named_parameters()} == names
    assert all(torch.equal(item, before[name]) for name, item in base.state_dict().items())
    assert not any(item._forward_hooks or item._backward_hooks for item in base.modules())


def test_noise_outweighs_one_sample() -> None:
    """With a clip of nothing much, trainings on other samples differ no more than trainings on the same ones."""

    def norm(rows: Iterator[Sequence[int]]) -> Tensor:
        source = ByExample(dp(clip_nano=nano(1e-6), noise_nano=nano(1000)), place())
        delta = trained(source.discipline(), rows).delta
        return torch.cat([low.b.flatten() for low in delta.modules.values()])

    same = (norm(repeat([1, 2, 3])) - norm(repeat([1, 2, 3]))).norm()
    other = (norm(repeat([1, 2, 3])) - norm(repeat([4, 5, 6]))).norm()
    assert 0.8 < float(other / same) < 1.25


def test_too_few_samples_for_the_rate() -> None:
    with pytest.raises(DataError, match=r"a step would see 0\.012 samples: 12 at a rate of 0\.001"):
        ByExample(dp(rate_nano=nano(0.001)), place())


def test_a_team_does_not_train_under_it() -> None:
    with pytest.raises(ConfigurationError, match="trains in one process"):
        trained(Discipline(gradients=by_example().gradients), repeat([1]), team=object())
