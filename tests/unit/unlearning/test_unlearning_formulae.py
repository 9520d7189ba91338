"""Each method's formula against values worked out here, on networks of six numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from orchestrator.hardening import noise
from orchestrator.unlearning.methods import method_named
from orchestrator.unlearning.methods.cbft import half_way, half_way_loss
from orchestrator.unlearning.methods.circuit_breakers import METHOD as CIRCUIT_BREAKERS
from orchestrator.unlearning.methods.l1 import mean_size
from orchestrator.unlearning.methods.npo import preference
from orchestrator.unlearning.methods.recipe import Job
from orchestrator.unlearning.methods.representations import blocks, kept_distance, two_layers
from orchestrator.unlearning.methods.scrub import divergence
from orchestrator.unlearning.methods.ssd import fisher
from orchestrator.unlearning.methods.tar import certainty, tamper_gradient
from orchestrator.unlearning.methods.weight_distance import distance
from orchestrator.unlearning.subject import Batch, Budget, Data, Snapshot, Subject, derived
from orchestrator.unlearning.tasks import CausalTask, ImageTask
from tests.unit.unlearning.small import BUDGET, adapted_net, data, differing, state, whole_net

WEIGHT = torch.tensor([[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0]])
FORMER = torch.tensor([[1.0, -0.5], [0.0, 0.5], [0.25, -1.0]])
KEEP = {"pixel_values": torch.tensor([[1.0, 2.0], [-1.0, 0.5]]), "labels": torch.tensor([0, 2])}
FORGET = {"pixel_values": torch.tensor([[0.5, -1.5], [2.0, 1.0]]), "labels": torch.tensor([1, 1])}
RATE = 0.01


def one_batch(batch: Batch):
    def batches(seed: int) -> Iterator[Batch]:
        while True:
            yield batch

    return batches


BOTH = Data(one_batch(KEEP), one_batch(FORGET))


def linear(base: Tensor | None = None) -> Subject:
    """logits = W·x, nothing else."""
    model = nn.Linear(2, 3, bias=False)
    with torch.no_grad():
        model.weight.copy_(WEIGHT)
    return Subject(model, ImageTask(3), ("weight",), None if base is None else {"weight": base})


def job(name: str, subject: Subject, former: Tensor | None = None, **settings: float) -> Job:
    """What a method's formula sees, with θ₀ as given."""
    origin = subject.snapshot() if former is None else Snapshot({"weight": former}, {})
    method = method_named(name, **settings)
    return Job(name, subject, BUDGET, method.settings, 5, origin, BOTH.retain(0), BOTH.forget(0))


def log_p(weight: Tensor, batch: Batch) -> Tensor:
    scores = batch["pixel_values"] @ weight.T
    return scores - scores.exp().sum(1, keepdim=True).log()


def losses(weight: Tensor, batch: Batch) -> Tensor:
    return -log_p(weight, batch)[torch.arange(len(batch["labels"])), batch["labels"]]


def gradient(weight: Tensor, batch: Batch) -> Tensor:
    """∇ of the mean loss of W·x, from (p − e_y)·xᵀ."""
    residual = log_p(weight, batch).exp()
    residual[torch.arange(len(batch["labels"])), batch["labels"]] -= 1
    return residual.T @ batch["pixel_values"] / len(batch["labels"])


def adams_first_step(weight: Tensor, slope: Tensor) -> Tensor:
    return weight - RATE * slope / (slope.abs() + 1e-8)


def after(name: str, steps: int, subject: Subject | None = None, **settings: float) -> tuple[Tensor, list[float]]:
    """The weights after some steps, and what the objective was at each."""
    subject = subject or linear()
    told: list[float] = []
    method = method_named(name, **settings)
    method.run(subject, BOTH, Budget(steps, RATE), seed=5, progress=lambda step, of, loss: told.append(loss))
    return subject.model.weight.detach(), told


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


def without_dropout(subject: Subject) -> Subject:
    for module in subject.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return subject


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
