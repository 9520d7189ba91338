"""Random relabel: CE_retain + α·CE of the data to forget towards wrong labels, drawn anew at each step.

Source: Graves et al., arXiv 2010.10981, as in Siddiqui et al., arXiv 2505.22310 (α = 1). A language model's wrong label
is another token of the vocabulary at each place.
"""

from __future__ import annotations

from torch import Tensor

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Range


def _run(job: Job) -> None:
    generator = job.generator("labels")

    def objective(step: int) -> Tensor:
        wrong = job.subject.task.wrong_labels(job.next_forget(), generator)
        return job.retain_loss() + job.settings["alpha"] * job.loss(wrong)

    job.descend(objective)


METHOD = Recipe("random-relabel", _run, needs_forget=True, strength="alpha", ranges={"alpha": Range(1.0, 1e-3, 100.0)})
