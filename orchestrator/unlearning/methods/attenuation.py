"""Weight attenuation: every weight is multiplied by 0.5, then CE_retain. With LoRA every number of ΔW.

Source: Siddiqui et al., arXiv 2505.22310 (factor 0.5). The setting is what is taken away, 1 − factor, so that more is
stronger.
"""

from __future__ import annotations

import torch

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Range


def _run(job: Job) -> None:
    factor = torch.tensor(1.0 - job.settings["taken"])
    job.subject.scale_delta(dict.fromkeys(job.subject.names, factor))
    job.descend(lambda step: job.retain_loss())


METHOD = Recipe("attenuation", _run, needs_forget=False, strength="taken", ranges={"taken": Range(0.5, 0.001, 1.0)})
