"""TAR, tamper-attack resistance: what adversaries would find after fine-tuning is made uncertain.

A step's gradient is ∇(CE_retain + MSE of two layers' representations from θ₀'s) + γ·mean over 4 adversaries and their
16 Adam steps of ∇(−entropy of the predictions on a batch to forget), taken at the attacked weights (first order). Each
adversary minimises CE on its batch to forget. Source: Tamirisa et al., arXiv 2408.00761, in the form of Siddiqui et
al., arXiv 2505.22310 (γ = 4, rate of adversaries 1e-3). They begin from a model that another method has changed: do so
with a chain, such as circuit-breakers then tar.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.methods.representations import DEPTHS, kept_distance, two_layers
from orchestrator.unlearning.subject import Batch, Range
from orchestrator.unlearning.tasks import scored


def certainty(job: Job, batch: Batch) -> Tensor:
    """Mean −entropy of the predictions, in nats."""
    log = functional.log_softmax(scored(job.subject.task.logits(job.subject.model, batch), batch), -1)
    return (log.exp() * log).sum(-1).mean()


def tamper_gradient(job: Job) -> dict[str, Tensor]:
    """Mean gradient of −entropy along all adversaries' ways; the subject is afterwards what it was."""
    sums = {name: torch.zeros_like(parameter) for name, parameter in job.subject.parameters().items()}
    before = job.subject.snapshot()
    adversaries = int(job.settings["adversaries"])
    for _ in range(adversaries):
        try:
            _attack(job, job.next_forget(), sums)
        finally:
            job.subject.restore(before)
            _forget_gradients(job)
    share = 1 / (adversaries * int(job.settings["inner_steps"]))
    return {name: total * share for name, total in sums.items()}


def _attack(job: Job, batch: Batch, sums: dict[str, Tensor]) -> None:
    """One adversary's steps; adds to the sums what each of them gives."""
    parameters = job.subject.parameters()
    optimizer = torch.optim.Adam(list(parameters.values()), lr=job.settings["inner_rate"])
    for _ in range(int(job.settings["inner_steps"])):
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(job.loss(batch))
        optimizer.step()
        found = torch.autograd.grad(certainty(job, batch), list(parameters.values()), allow_unused=True)
        for total, gradient in zip(sums.values(), found, strict=True):
            if gradient is not None:
                total.add_(gradient)


def _forget_gradients(job: Job) -> None:
    for parameter in job.subject.parameters().values():
        parameter.grad = None


def _run(job: Job) -> None:
    layers = two_layers(job)
    tamper: dict[str, Tensor] = {}

    def objective(step: int) -> Tensor:
        tamper.update(tamper_gradient(job))
        batch = job.next_retain()
        return job.loss(batch) + kept_distance(job, batch, layers)

    def add(step: int) -> None:
        for name, parameter in job.subject.parameters().items():
            part = job.settings["gamma"] * tamper[name]
            parameter.grad = part if parameter.grad is None else parameter.grad.add_(part)

    job.descend(objective, more_gradient=add)


METHOD = Recipe(
    "tar",
    _run,
    needs_forget=True,
    strength="gamma",
    ranges={
        "gamma": Range(4.0, 1e-3, 1000.0),
        "adversaries": Range(4, 1, 64, integer=True),
        "inner_steps": Range(16, 1, 1024, integer=True),
        "inner_rate": Range(1e-3, 1e-8, 1.0),
        **DEPTHS,
    },
)
