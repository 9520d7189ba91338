"""L1 sparse: CE_retain + α·mean|θ|; with LoRA mean|ΔW|.

Source: Siddiqui et al., arXiv 2505.22310 (α = 1), after Jia et al., arXiv 2304.04934. The mean goes over all weights
that may change.
"""

from __future__ import annotations

import torch
from torch import Tensor

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Range


def mean_size(job: Job) -> Tensor:
    """mean|ΔW|, with its graph."""
    deltas = job.subject.delta(graph=True).values()
    count = sum(delta.numel() for delta in deltas)
    return torch.stack([delta.abs().sum() for delta in deltas]).sum() / count


def _run(job: Job) -> None:
    job.descend(lambda step: job.retain_loss() + job.settings["alpha"] * mean_size(job))


METHOD = Recipe("l1", _run, needs_forget=False, strength="alpha", ranges={"alpha": Range(1.0, 1e-3, 10_000.0)})
