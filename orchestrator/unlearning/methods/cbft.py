"""CBFT, connectivity-based fine-tuning: CE_retain + α·max(−CE(½θ₀ + ½θ; retain ∪ forget), −γ).

The loss half way to the former model is driven up, so that no flat path leads back. Source: Siddiqui et al., arXiv
2505.22310, after Lubana et al., arXiv 2211.08422 (α = 0.001, γ = 50). Batch norm's running figures are interpolated
too, those that are floats. Deviation: half way the model is in evaluation mode, so that these figures count and no
dropout is drawn; the authors' code leaves it in training mode.
"""

from __future__ import annotations

import torch
from torch import Tensor

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Batch, Elsewhere, Range


def half_way(job: Job) -> dict[str, Tensor]:
    """Parameters (with their graph) and buffers half way between θ₀ and θ."""
    state = {
        name: 0.5 * job.origin.parameters[name] + 0.5 * parameter
        for name, parameter in job.subject.parameters().items()
    }
    for name, buffer in job.subject.model.named_buffers():
        own = buffer.detach()
        state[name] = 0.5 * job.origin.buffers[name] + 0.5 * own if own.is_floating_point() else own.clone()
    return state


def half_way_loss(job: Job, *batches: Batch) -> Tensor:
    """Mean loss over the samples of all batches together, half way, in nats."""
    with job.subject.evaluated():
        model = Elsewhere(job.subject.model, half_way(job))
        return torch.cat([job.subject.task.losses(model, batch) for batch in batches]).mean()


def _run(job: Job) -> None:
    alpha, most = job.settings["alpha"], job.settings["gamma"]

    def objective(step: int) -> Tensor:
        retain = job.next_retain()
        barrier = torch.clamp(-half_way_loss(job, retain, job.next_forget()), min=-most)
        return job.loss(retain) + alpha * barrier

    job.descend(objective)


METHOD = Recipe(
    "cbft",
    _run,
    needs_forget=True,
    strength="alpha",
    ranges={"alpha": Range(0.001, 1e-5, 10.0), "gamma": Range(50.0, 0.0, 1000.0)},
)
