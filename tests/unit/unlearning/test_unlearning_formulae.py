"""Formulae that need no teacher, against values worked out here, on networks of six numbers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from orchestrator.hardening import noise
from orchestrator.unlearning.methods import method_named
from orchestrator.unlearning.methods.cbft import half_way, half_way_loss
from orchestrator.unlearning.methods.l1 import mean_size
from orchestrator.unlearning.methods.recipe import Job
from orchestrator.unlearning.methods.ssd import fisher
from orchestrator.unlearning.methods.weight_distance import distance
from orchestrator.unlearning.subject import Batch, Budget, Data, Subject
from orchestrator.unlearning.tasks import ImageTask
from tests.unit.unlearning.by_hand import (
    FORGET,
    FORMER,
    KEEP,
    RATE,
    WEIGHT,
    adams_first_step,
    after,
    gradient,
    job,
    linear,
    log_p,
    losses,
    one_batch,
)
from tests.unit.unlearning.small import BUDGET, adapted_net, data, differing, state, whole_net


def test_finetune_decays_towards_the_base() -> None:
    base = torch.full((3, 2), 0.1)
    found, told = after("finetune", 1, linear(base), weight_decay=2.0)
    slope = gradient(WEIGHT, KEEP) + 2.0 * (WEIGHT - base)
    assert torch.allclose(found, adams_first_step(WEIGHT, slope), atol=1e-6)
    assert told == pytest.approx([float(losses(WEIGHT, KEEP).mean())])
    whole, _ = after("finetune", 1, weight_decay=2.0)
    assert torch.allclose(whole, adams_first_step(WEIGHT, gradient(WEIGHT, KEEP) + 2.0 * WEIGHT), atol=1e-6)


def test_weight_distortion_adds_the_noise_of_a_hardening_entry() -> None:
    subject = adapted_net()
    before = state(subject)
    method_named("weight-distortion", sigma=0.05).run(subject, data(), Budget(0, RATE), seed=77)
    for name in subject.names:
        drawn = torch.from_numpy(noise("77", name, 0, before[name].numel(), 50_000_000)).view(before[name].shape)
        assert torch.equal(subject.model.get_parameter(name), before[name] + drawn)
    assert differing(before, state(subject)) == set(subject.names)


def test_weight_distance() -> None:
    squared = ((FORMER - WEIGHT) ** 2).mean()
    found = distance(job("weight-distance", linear(), FORMER))
    assert float(found.detach()) == pytest.approx(math.sqrt(float(squared) + 1e-8))
    _, told = after("weight-distance", 1, alpha=3.0)
    assert told == pytest.approx([float(losses(WEIGHT, KEEP).mean()) - 3.0 * 1e-4])  # at θ₀ only ε is left


def test_weight_distance_moves_farther_than_fine_tuning() -> None:
    def way(name: str, **settings: float) -> float:
        subject = whole_net()
        before = subject.snapshot()
        method_named(name, **settings).run(subject, data(), Budget(30, RATE), seed=5)
        return float(
            sum((before.parameters[key] - now).square().sum() for key, now in subject.snapshot().parameters.items())
        )

    assert way("weight-distance", alpha=10.0) > 2 * way("finetune", weight_decay=0.0)


def test_cbft_is_the_loss_half_way() -> None:
    both = torch.cat([losses((WEIGHT + FORMER) / 2, KEEP), losses((WEIGHT + FORMER) / 2, FORGET)]).mean()
    found = half_way_loss(job("cbft", linear(), FORMER), KEEP, FORGET)
    assert float(found.detach()) == pytest.approx(float(both))
    start = torch.cat([losses(WEIGHT, KEEP), losses(WEIGHT, FORGET)]).mean()
    weight, told = after("cbft", 1, alpha=0.5)
    assert told == pytest.approx([float(losses(WEIGHT, KEEP).mean() - 0.5 * start)])
    joined = {name: torch.cat([KEEP[name], FORGET[name]]) for name in KEEP}
    slope = gradient(WEIGHT, KEEP) - 0.5 * 0.5 * gradient(WEIGHT, joined)  # half of θ is in the midpoint
    assert torch.allclose(weight, adams_first_step(WEIGHT, slope), atol=1e-6)


def test_cbft_stops_at_gamma() -> None:
    capped, told = after("cbft", 1, alpha=0.5, gamma=0.01)
    assert told == pytest.approx([float(losses(WEIGHT, KEEP).mean()) - 0.5 * 0.01])
    assert torch.equal(capped, after("finetune", 1, weight_decay=0.0)[0])


def test_cbft_interpolates_running_figures() -> None:
    subject = whole_net()
    origin = subject.snapshot()
    for name, buffer in subject.model.named_buffers():
        buffer.add_(2 if name.endswith("tracked") else 2.0)
    kept = state(subject)
    made = Job("cbft", subject, BUDGET, {}, 5, origin, iter(()), None)
    middle = half_way(made)
    assert torch.allclose(middle["blocks.0.norm.running_mean"], origin.buffers["blocks.0.norm.running_mean"] + 1.0)
    assert int(middle["blocks.0.norm.num_batches_tracked"]) == 2
    with subject.trainable():
        half_way_loss(made, next(data().retain(0)))
    assert not differing(kept, state(subject))  # evaluating half way leaves the running figures alone


@pytest.mark.parametrize("base", [None, torch.full((3, 2), 0.1)])
def test_attenuation(base: Tensor | None) -> None:
    found, _ = after("attenuation", 0, linear(base), taken=0.75)
    origin = torch.zeros(3, 2) if base is None else base
    assert torch.allclose(found, origin + 0.25 * (WEIGHT - origin))


def test_weight_dropout() -> None:
    subject = adapted_net()
    before, base = state(subject), subject.base
    assert base is not None
    method_named("weight-dropout", p=0.2).run(subject, data(), Budget(0, RATE), seed=5)
    dropped = kept = 0
    for name in subject.names:
        now = subject.model.get_parameter(name)
        gone = now == base[name]
        assert torch.equal(now[~gone], before[name][~gone])
        dropped, kept = dropped + int(gone.sum()), kept + int((~gone).sum())
    assert 0.13 < dropped / (dropped + kept) < 0.27


def test_l1() -> None:
    base = torch.full((3, 2), 0.1)
    assert float(mean_size(job("l1", linear(), FORMER)).detach()) == pytest.approx(float(WEIGHT.abs().mean()))
    assert float(mean_size(job("l1", linear(base))).detach()) == pytest.approx(float((WEIGHT - base).abs().mean()))
    found, _ = after("l1", 1, linear(base), alpha=12.0)
    slope = gradient(WEIGHT, KEEP) + 12.0 * (WEIGHT - base).sign() / 6
    assert torch.allclose(found, adams_first_step(WEIGHT, slope), atol=1e-6)


def test_ssd_fisher_of_a_softmax_regression() -> None:
    """F = mean over samples of ((p − e_y)·xᵀ)², elementwise."""
    p = log_p(WEIGHT, FORGET).exp()
    residual = p - nn.functional.one_hot(FORGET["labels"], 3)
    wanted = (residual.square().T @ FORGET["pixel_values"].square()) / 2
    made = job("ssd", linear())
    for batches in (1, 3):
        assert torch.allclose(fisher(made, made.next_forget, batches)["weight"], wanted, rtol=1e-5)


def test_ssd_dampens() -> None:
    def analytic(batch: Batch) -> Tensor:
        residual = log_p(WEIGHT, batch).exp() - nn.functional.one_hot(batch["labels"], 3)
        return residual.square().T @ batch["pixel_values"].square() / 2

    base = torch.full((3, 2), 0.1)
    factor = (analytic(KEEP) / (2.0 * analytic(FORGET) + 1e-6)).clamp(0, 1)
    assert 0 < float(factor.min()) < 1
    found, _ = after("ssd", 0, linear(base), alpha=2.0, batches=1)
    assert torch.allclose(found, base + factor * (WEIGHT - base), atol=1e-6)


def test_neggrad_plus_alternates() -> None:
    found, told = after("neggrad-plus", 1, alpha=0.5)
    assert torch.allclose(found, adams_first_step(WEIGHT, -0.5 * gradient(WEIGHT, FORGET)), atol=1e-6)
    _, told = after("neggrad-plus", 2, alpha=0.5)
    assert told == pytest.approx([-0.5 * float(losses(WEIGHT, FORGET).mean()), float(losses(found, KEEP).mean())])


def test_gradient_ascent_takes_a_share_of_the_steps() -> None:
    found, told = after("gradient-ascent", 1)
    assert torch.allclose(found, adams_first_step(WEIGHT, -gradient(WEIGHT, FORGET)), atol=1e-6)
    assert told == pytest.approx([-float(losses(WEIGHT, FORGET).mean())])
    assert [len(after("gradient-ascent", 10, share=share)[1]) for share in (0.001, 0.5, 1.0)] == [1, 5, 10]
    assert after("gradient-ascent", 0)[1] == []


def test_random_relabel_of_two_classes_is_the_other_one() -> None:
    model = nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        model.weight.copy_(WEIGHT[:2])
    keep, forget = ({**batch, "labels": torch.tensor([0, 1])} for batch in (KEEP, FORGET))
    told: list[float] = []
    method_named("random-relabel", alpha=0.5).run(
        Subject.whole(model, ImageTask(2)),
        Data(one_batch(keep), one_batch(forget)),
        Budget(1, RATE),
        seed=5,
        progress=lambda step, of, loss: told.append(loss),
    )
    wrong = losses(WEIGHT[:2], {**forget, "labels": torch.tensor([1, 0])}).mean()
    assert told == pytest.approx([float(losses(WEIGHT[:2], keep).mean() + 0.5 * wrong)])
