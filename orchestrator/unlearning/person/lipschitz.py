"""Lipschitz (JiT): outputs on what is forgotten are made to change little with noise on the input. Nothing is kept.

Loss: the mean over noisy copies x + ε, ε ~ N(0, σ²), of ‖f(x) − f(x + ε)‖₂ / ‖ε‖₂. Source: Foster et al., "Zero-shot
machine unlearning at scale via Lipschitz regularization", arXiv 2402.01401, a baseline in De Min et al., arXiv
2407.12069. Deviations: Adam in place of SGD, as all methods here; the gradient passes through both f(x) and f(x + ε).
Only for inputs that noise can be added to: images.
"""

from __future__ import annotations

import torch
from torch import Tensor

from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Batch, Range


def slope(job: Job, batch: Batch, generator: torch.Generator) -> Tensor:
    """The mean of ‖f(x) − f(x + ε)‖ / ‖ε‖ over samples and copies.

    Raises:
        ConfigurationError: the inputs are no pictures.
    """
    if "pixel_values" not in batch:
        raise ConfigurationError(f"{job.name} adds noise to pictures, and these are none", mend="choose another method")
    task, model, pixels = job.subject.task, job.subject.model, batch["pixel_values"]
    clean, found = task.logits(model, batch), []
    for _ in range(int(job.settings["copies"])):
        noise = job.settings["sigma"] * torch.randn(pixels.shape, generator=generator).to(pixels.device)
        moved = task.logits(model, {**batch, "pixel_values": pixels + noise})
        sizes = noise.flatten(1).norm(dim=1).to(clean.device)
        found.append((clean - moved).norm(dim=1) / sizes)
    return torch.stack(found).mean()


def _run(job: Job) -> None:
    generator = job.generator("noise")
    job.descend(lambda step: slope(job, job.next_forget(), generator))


METHOD = Recipe(
    "lipschitz",
    _run,
    needs_forget=True,
    ranges={"sigma": Range(0.5, 1e-3, 10.0), "copies": Range(8, 1, 100, integer=True)},
)
