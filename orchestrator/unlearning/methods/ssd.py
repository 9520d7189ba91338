"""SSD, selective synaptic dampening: θ ×= clamp(F_retain/(α·F_forget + 1e-6), 0, 1), then CE_retain. With LoRA ΔW.

F is the diagonal of the empirical Fisher information: the mean over samples of the squared gradient of a sample's loss,
which is the same for W and for ΔW. Source: Foster et al., arXiv 2308.07707, in the form of Siddiqui et al., arXiv
2505.22310, where α is 1. Deviations: α is ours, to tune; F is taken over some batches, each sample by itself, in
evaluation mode (the authors square the gradients of batches).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from orchestrator.errors import DataError
from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Batch, Range

EPSILON = 1e-6


def fisher(job: Job, next_batch: Callable[[], Batch], batches: int) -> dict[str, Tensor]:
    """Diagonal of the empirical Fisher information by name, over the samples of so many batches."""
    parameters = job.subject.parameters()
    sums = {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    samples = 0
    with job.subject.evaluated():
        for _ in range(batches):
            batch = next_batch()
            rows = int(batch["labels"].shape[0])
            for row in range(rows):
                loss = job.loss({name: tensor[row : row + 1] for name, tensor in batch.items()})
                found = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
                for total, gradient in zip(sums.values(), found, strict=True):
                    if gradient is not None:
                        total.addcmul_(gradient, gradient)
            samples += rows
    if not samples:
        raise DataError("no sample to measure importance on", mend="give batches with samples")
    return {name: total / samples for name, total in sums.items()}


def _run(job: Job) -> None:
    batches = int(job.settings["batches"])
    retain, forget = (fisher(job, source, batches) for source in (job.next_retain, job.next_forget))
    alpha = job.settings["alpha"]
    kept = {name: (retain[name] / (alpha * forget[name] + EPSILON)).clamp(0, 1) for name in job.subject.names}
    job.subject.scale_delta(kept)
    job.descend(lambda step: job.retain_loss())


METHOD = Recipe(
    "ssd",
    _run,
    needs_forget=True,
    strength="alpha",
    ranges={"alpha": Range(1.0, 1e-3, 1000.0), "batches": Range(8, 1, 10_000, integer=True)},
)
