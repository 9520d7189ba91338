"""Weight dropout: each weight is zeroed with probability p, then CE_retain. With LoRA each number of ΔW.

Source: Siddiqui et al., arXiv 2505.22310 (p = 0.2). What stays is not scaled up.
"""

from __future__ import annotations

import torch

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Range


def _run(job: Job) -> None:
    generator = job.generator("dropout")
    kept = {
        name: (torch.rand(parameter.shape, generator=generator) >= job.settings["p"]).float()
        for name, parameter in job.subject.parameters().items()
    }
    job.subject.scale_delta(kept)
    job.descend(lambda step: job.retain_loss())


METHOD = Recipe("weight-dropout", _run, needs_forget=False, strength="p", ranges={"p": Range(0.2, 0.001, 1.0)})
