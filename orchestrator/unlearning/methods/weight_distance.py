"""Weight-distance regularisation: CE_retain − α·sqrt(mean((θ₀−θ)²) + 1e-8).

Source: Siddiqui et al., arXiv 2505.22310 (α = 1). The mean goes over all weights that may change; θ₀ − θ is the same
for weights and for ΔW, so no gauge of factors is in it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Range

EPSILON = 1e-8


def distance(job: Job) -> Tensor:
    """sqrt(mean((θ₀−θ)²) + 1e-8), with its graph."""
    parameters = job.subject.parameters()
    squares = [(job.origin.parameters[name] - parameter).square().sum() for name, parameter in parameters.items()]
    count = sum(parameter.numel() for parameter in parameters.values())
    return torch.sqrt(torch.stack(squares).sum() / count + EPSILON)


def _run(job: Job) -> None:
    job.descend(lambda step: job.retain_loss() - job.settings["alpha"] * distance(job))


METHOD = Recipe(
    "weight-distance", _run, needs_forget=False, strength="alpha", ranges={"alpha": Range(1.0, 1e-3, 1000.0)}
)
