"""A network of six numbers, and what is to be known of it: W·x, its losses and gradients, worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from orchestrator.unlearning.methods import method_named
from orchestrator.unlearning.methods.recipe import Job
from orchestrator.unlearning.subject import Batch, Batches, Budget, Data, Snapshot, Subject
from orchestrator.unlearning.tasks import ImageTask
from tests.unit.unlearning.small import BUDGET

WEIGHT = torch.tensor([[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0]])
FORMER = torch.tensor([[1.0, -0.5], [0.0, 0.5], [0.25, -1.0]])
KEEP = {"pixel_values": torch.tensor([[1.0, 2.0], [-1.0, 0.5]]), "labels": torch.tensor([0, 2])}
FORGET = {"pixel_values": torch.tensor([[0.5, -1.5], [2.0, 1.0]]), "labels": torch.tensor([1, 1])}
RATE = 0.01


def one_batch(batch: Batch) -> Batches:
    """The same batch for ever."""

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
    """Log-probabilities of W·x, (samples, classes)."""
    scores = batch["pixel_values"] @ weight.T
    return scores - scores.exp().sum(1, keepdim=True).log()


def losses(weight: Tensor, batch: Batch) -> Tensor:
    """Of each sample."""
    return -log_p(weight, batch)[torch.arange(len(batch["labels"])), batch["labels"]]


def gradient(weight: Tensor, batch: Batch) -> Tensor:
    """∇ of the mean loss of W·x, from (p − e_y)·xᵀ."""
    residual = log_p(weight, batch).exp()
    residual[torch.arange(len(batch["labels"])), batch["labels"]] -= 1
    return residual.T @ batch["pixel_values"] / len(batch["labels"])


def adams_first_step(weight: Tensor, slope: Tensor) -> Tensor:
    """Bias correction makes it the sign of the slope."""
    return weight - RATE * slope / (slope.abs() + 1e-8)


def after(name: str, steps: int, subject: Subject | None = None, **settings: float) -> tuple[Tensor, list[float]]:
    """The weights after some steps, and what the objective was at each."""
    subject = subject or linear()
    told: list[float] = []
    method = method_named(name, **settings)
    method.run(subject, BOTH, Budget(steps, RATE), seed=5, progress=lambda step, of, loss: told.append(loss))
    return subject.model.weight.detach(), told


def without_dropout(subject: Subject) -> Subject:
    """The same subject, whose passes repeat themselves in training mode."""
    for module in subject.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return subject
