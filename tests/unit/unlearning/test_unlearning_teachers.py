"""Formulae that look back at θ₀, against values worked out here: SCRUB, NPO, circuit breakers, TAR."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from orchestrator.unlearning.methods import method_named
from orchestrator.unlearning.methods.circuit_breakers import METHOD as CIRCUIT_BREAKERS
from orchestrator.unlearning.methods.npo import preference
from orchestrator.unlearning.methods.recipe import Job
from orchestrator.unlearning.methods.representations import blocks, kept_distance, two_layers
from orchestrator.unlearning.methods.scrub import divergence
from orchestrator.unlearning.methods.tar import certainty, tamper_gradient
from orchestrator.unlearning.subject import Batch, Budget, Snapshot, Subject, derived
from orchestrator.unlearning.tasks import CausalTask
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
    without_dropout,
)
from tests.unit.unlearning.small import BUDGET, adapted_net, data, differing, state, whole_net


def test_scrub() -> None:
    def kl(batch: Batch) -> float:
        before, now = log_p(FORMER, batch), log_p(WEIGHT, batch)
        return float((before.exp() * (before - now)).sum(1).mean())

    subject = linear()
    assert float(divergence(job("scrub", subject, FORMER), KEEP).detach()) == pytest.approx(kl(KEEP), rel=1e-5)
    subject.origin = Snapshot({"weight": FORMER}, {})
    found, told = after("scrub", 1, subject, beta=0.5)
    assert told == pytest.approx([-0.5 * kl(FORGET)], rel=1e-5)
    before, now = log_p(FORMER, FORGET).exp(), log_p(WEIGHT, FORGET).exp()
    slope = -0.5 * (now - before).T @ FORGET["pixel_values"] / 2  # ∇ KL(p₀ ‖ p) = (p − p₀)·xᵀ
    assert torch.allclose(found, adams_first_step(WEIGHT, slope), atol=1e-6)


def test_scrub_keeps() -> None:
    subject = linear()
    subject.origin = Snapshot({"weight": FORMER}, {})
    _, told = after("scrub", 2, subject, alpha=2.0, gamma=3.0)
    first = linear()
    first.origin = subject.origin
    now, _ = after("scrub", 1, first)
    before, after_one = log_p(FORMER, KEEP), log_p(now, KEEP)
    kl = (before.exp() * (before - after_one)).sum(1).mean()
    assert told[1] == pytest.approx(float(2.0 * kl + 3.0 * losses(now, KEEP).mean()), rel=1e-5)


def test_npo() -> None:
    beta = 0.1
    ratio = (losses(FORMER, FORGET) - losses(WEIGHT, FORGET)).exp()  # π_θ/π_θ₀
    wanted = float((2 / beta * torch.log1p(ratio**beta)).mean())
    found = preference(job("npo", linear(), FORMER), FORGET, beta)
    assert float(found.detach()) == pytest.approx(wanted, rel=1e-5)
    subject = linear()
    subject.origin = Snapshot({"weight": FORMER}, {})
    _, told = after("npo", 1, subject, alpha=0.5, beta=beta)
    assert told == pytest.approx([float(losses(WEIGHT, KEEP).mean()) + 0.5 * wanted], rel=1e-5)


def test_circuit_breakers_go_from_forgetting_to_keeping() -> None:
    """Before the first step representations are θ₀'s: the cosine is 1 and the distance 0."""
    told: list[float] = []
    method_named("circuit-breakers", alpha=2.0).run(
        without_dropout(adapted_net()),
        data(),
        Budget(4, 1e-12),
        seed=5,
        progress=lambda step, of, loss: told.append(loss),
    )
    assert told == pytest.approx([2.0 * share for share in (0.75, 0.5, 0.25, 0.0)], abs=1e-5)


def test_circuit_breakers_turn_representations_away() -> None:
    subject = without_dropout(adapted_net())
    told: list[float] = []
    CIRCUIT_BREAKERS.with_settings(alpha=10.0).run(
        subject, data(), Budget(40, RATE), seed=5, progress=lambda step, of, loss: told.append(loss)
    )
    assert told[0] > 9.7
    assert told[19] < 0.8 * 10.0 * 0.5


def test_blocks_are_what_is_repeated() -> None:
    subject = whole_net()
    assert blocks(subject.model) == list(subject.model.blocks)
    plain = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 4), nn.Linear(4, 3))
    assert blocks(plain) == [plain[0], plain[2]]
    made = Job("tar", subject, BUDGET, {"first": 0.5, "second": 0.875}, 5, subject.snapshot(), iter(()), None)
    assert two_layers(made) == list(subject.model.blocks)


def test_tar_is_uncertain_after_one_step_of_one_adversary() -> None:
    subject = linear()
    found = tamper_gradient(job("tar", subject, adversaries=1, inner_steps=1, inner_rate=RATE))["weight"]
    attacked = adams_first_step(WEIGHT, gradient(WEIGHT, FORGET)).requires_grad_(True)
    scores = log_p(attacked, FORGET)
    (scores.exp() * scores).sum(1).mean().backward()
    assert torch.allclose(found, attacked.grad, atol=1e-5)
    assert float(certainty(job("tar", linear()), FORGET).detach()) == pytest.approx(
        float((log_p(WEIGHT, FORGET).exp() * log_p(WEIGHT, FORGET)).sum(1).mean())
    )


def test_tars_adversaries_leave_nothing_behind() -> None:
    subject = whole_net()
    before = state(subject)
    method = method_named("tar", adversaries=2, inner_steps=3, inner_rate=0.1)
    made = Job("tar", subject, BUDGET, method.settings, 5, subject.snapshot(), data().retain(0), data().forget(0))
    with subject.trainable():
        modes = [module.training for module in subject.model.modules()]
        found = tamper_gradient(made)
        assert [module.training for module in subject.model.modules()] == modes
        assert all(parameter.grad is None for parameter in subject.model.parameters())
    assert any(float(part.abs().sum()) for part in found.values())
    assert not differing(before, state(subject))


def test_each_of_tars_adversaries_begins_at_the_same_weights() -> None:
    one, three = (
        tamper_gradient(job("tar", linear(), adversaries=count, inner_steps=2, inner_rate=RATE))["weight"]
        for count in (1, 3)
    )
    assert torch.allclose(one, three, atol=1e-6)


def test_a_tar_step_adds_resistance_to_keeping() -> None:
    """Adam's first step tells the signs of the whole gradient: with a large γ those of resistance, with a small not."""

    def step(gamma: float) -> dict[str, Tensor]:
        subject = without_dropout(whole_net())
        before = subject.snapshot().parameters
        method = method_named("tar", adversaries=1, inner_steps=1, gamma=gamma)
        method.run(subject, data(), Budget(1, RATE), seed=5)
        return {name: (now - before[name]).sign() for name, now in subject.snapshot().parameters.items()}

    subject = without_dropout(whole_net())
    method = method_named("tar", adversaries=1, inner_steps=1)
    batches = [
        source(derived(5, purpose)) for source, purpose in ((data().retain, "retain"), (data().forget, "forget"))
    ]
    made = Job("tar", subject, BUDGET, method.settings, 5, subject.snapshot(), *batches)
    with subject.trainable():
        resisting = tamper_gradient(made)
    strong, weak = step(1000.0), step(0.001)
    same = [float((strong[name] == -resisting[name].sign()).float().mean()) for name in subject.names]
    assert min(same) > 0.9
    assert min(float((weak[name] == -resisting[name].sign()).float().mean()) for name in subject.names) < 0.7


def test_a_teacher_at_the_present_weights_says_the_same() -> None:
    """In training mode too, where batch norms use a batch's own figures."""
    subject = without_dropout(whole_net())
    batch = next(data().retain(0))
    made = Job("tar", subject, BUDGET, {"first": 0.5, "second": 1.0}, 5, subject.snapshot(), iter(()), None)
    with subject.trainable():
        assert float(kept_distance(made, batch, two_layers(made)).detach()) == 0.0
        assert float(divergence(made, batch).detach()) == pytest.approx(0.0, abs=1e-6)
        before = state(subject)
        with made.teacher() as teacher:
            teacher(batch["pixel_values"])
        assert not differing(before, state(subject))


class Tokens(nn.Module):
    """A language model that says the same whatever it is asked."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.given = nn.Parameter(logits)

    def forward(self) -> SimpleNamespace:
        return SimpleNamespace(logits=self.given)


def test_npo_takes_the_probability_of_a_whole_text() -> None:
    generator = torch.Generator().manual_seed(1)
    now, former = (torch.randn(2, 3, 4, generator=generator) for _ in range(2))
    labels = torch.tensor([[0, 1, 2], [3, 2, -100]])

    def log_likelihood(logits: Tensor) -> Tensor:
        log = logits.log_softmax(-1)
        return torch.stack([log[0, 0, 1] + log[0, 1, 2], log[1, 0, 2]])

    ratio = (log_likelihood(now) - log_likelihood(former)).exp()
    subject = Subject.whole(Tokens(now), CausalTask(4))
    made = Job("npo", subject, BUDGET, {}, 5, Snapshot({"given": former}, {}), iter(()), None)
    found = preference(made, {"labels": labels}, 0.5)
    assert float(found.detach()) == pytest.approx(float((2 / 0.5 * torch.log1p(ratio**0.5)).mean()), rel=1e-5)
