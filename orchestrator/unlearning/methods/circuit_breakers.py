"""Circuit breakers: representations of two layers stay on data to keep, and turn away from θ₀'s on data to forget.

At step t of T: (t/T)·MSE_retain + α·(1 − t/T)·mean ReLU(cos)_forget, both against the representations at θ₀. Source:
Zou et al., arXiv 2406.04313, with the schedules of Siddiqui et al., arXiv 2505.22310, from all on forgetting to all on
keeping. Deviations: α weighs forgetting only (with the authors both, which Adam does not heed; α is 1 there); of texts
the cosine is that of each token that counts, of images that of the whole representation.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.methods.representations import (
    DEPTHS,
    former,
    kept_distance,
    representations,
    two_layers,
)
from orchestrator.unlearning.subject import Range


def _run(job: Job) -> None:
    layers = two_layers(job)

    def objective(step: int) -> Tensor:
        share = (step + 1) / job.budget.steps
        batch = job.next_forget()
        before = former(job, batch, layers)
        now = representations(job, job.subject.model, batch, layers)
        turned = [
            functional.relu(functional.cosine_similarity(one, other, dim=-1)).mean()
            for one, other in zip(now, before, strict=True)
        ]
        kept = kept_distance(job, job.next_retain(), layers)
        return share * kept + job.settings["alpha"] * (1 - share) * torch.stack(turned).mean()

    job.descend(objective)


METHOD = Recipe(
    "circuit-breakers",
    _run,
    needs_forget=True,
    strength="alpha",
    ranges={"alpha": Range(1.0, 1e-3, 1000.0), **DEPTHS},
)
