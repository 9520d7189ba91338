"""NPO, negative preference optimisation: CE_retain + α·(2/β)·mean log(1 + (π_θ/π_θ₀)^β) on the data to forget.

π is the probability of a sample's whole label: of all its tokens in a language model. Source: Zhang et al., arXiv
2404.05868 (β = 0.1), with the retain term as in open-unlearning (both weights 1).
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Batch, Range
from orchestrator.unlearning.tasks import predicted


def preference(job: Job, batch: Batch, beta: float) -> Tensor:
    """(2/β)·mean log(1 + (π_θ/π_θ₀)^β) of a batch."""
    task = job.subject.task
    with job.teacher() as teacher:
        before = task.losses(teacher, batch)
    now = task.losses(job.subject.model, batch)
    rise = (now - before) * predicted(batch).to(now.device)  # −log(π_θ/π_θ₀)
    return -2 / beta * functional.logsigmoid(beta * rise).mean()


def _run(job: Job) -> None:
    alpha, beta = job.settings["alpha"], job.settings["beta"]
    job.descend(lambda step: job.retain_loss() + alpha * preference(job, job.next_forget(), beta))


METHOD = Recipe(
    "npo",
    _run,
    needs_forget=True,
    strength="alpha",
    ranges={"alpha": Range(1.0, 1e-3, 1000.0), "beta": Range(0.1, 1e-3, 10.0)},
)
