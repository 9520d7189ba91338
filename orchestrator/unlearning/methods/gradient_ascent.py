"""Gradient ascent: −CE_forget alone, for a share of the budget's steps.

Source: Thudi et al., arXiv 2109.13398; Jang et al., arXiv 2210.01504. Adam does not heed a factor on a loss, so its
strength is how many of the steps it takes; one step at least.
"""

from __future__ import annotations

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Range


def _run(job: Job) -> None:
    steps = min(job.budget.steps, max(1, round(job.budget.steps * job.settings["share"])))
    job.descend(lambda step: -job.loss(job.next_forget()), steps=steps)


METHOD = Recipe("gradient-ascent", _run, needs_forget=True, strength="share", ranges={"share": Range(1.0, 0.001, 1.0)})
