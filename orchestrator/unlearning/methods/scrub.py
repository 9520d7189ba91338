"""SCRUB: alternate −β·KL on the data to forget and α·KL + γ·CE on those to keep.

KL is that of the former model's predictions θ₀ from the present ones, KL(p_θ₀ ‖ p_θ), a mean over places. Source:
Kurmanji et al., arXiv 2302.09880, as in Siddiqui et al., arXiv 2505.22310 (α = γ = 1, no temperature). Deviations:
steps alternate in place of epochs, and β is ours; the teacher draws no dropout.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Batch, Range
from orchestrator.unlearning.tasks import scored


def divergence(job: Job, batch: Batch) -> Tensor:
    """KL(p_θ₀ ‖ p_θ) of a batch, nats a place."""
    task = job.subject.task
    with job.teacher() as teacher:
        before = functional.log_softmax(scored(task.logits(teacher, batch), batch), -1)
    now = functional.log_softmax(scored(task.logits(job.subject.model, batch), batch), -1)
    return functional.kl_div(now, before, reduction="batchmean", log_target=True)


def _run(job: Job) -> None:
    alpha, beta, gamma = (job.settings[name] for name in ("alpha", "beta", "gamma"))

    def objective(step: int) -> Tensor:
        if step % 2 == 0:
            return -beta * divergence(job, job.next_forget())
        batch = job.next_retain()
        return alpha * divergence(job, batch) + gamma * job.loss(batch)

    job.descend(objective)


METHOD = Recipe(
    "scrub",
    _run,
    needs_forget=True,
    strength="beta",
    ranges={"alpha": Range(1.0, 0.0, 100.0), "beta": Range(1.0, 1e-3, 100.0), "gamma": Range(1.0, 0.0, 100.0)},
)
