"""NegGrad+: alternate −CE_forget and +CE_retain.

Source: Kurmanji et al., arXiv 2302.09880, as alternated by Siddiqui et al., arXiv 2505.22310. Deviations: they
alternate epochs, this alternates steps, because batches are endless; α is ours and 1 there. A budget of an even number
of steps ends on what is kept.
"""

from __future__ import annotations

from torch import Tensor

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Range


def _run(job: Job) -> None:
    def objective(step: int) -> Tensor:
        if step % 2:
            return job.retain_loss()
        return -job.settings["alpha"] * job.loss(job.next_forget())

    job.descend(objective)


METHOD = Recipe("neggrad-plus", _run, needs_forget=True, strength="alpha", ranges={"alpha": Range(1.0, 1e-3, 100.0)})
