"""Weight distortion: θ₀ + N(0, σ²) on every weight, then CE_retain.

Source: Siddiqui et al., arXiv 2505.22310 (σ = 0.02 for ResNet; 0.002 to 0.008 was used on a Llama of 1 billion).
Deviations: the noise is the one of a manifest's hardening entry (:mod:`orchestrator.hardening`), which every member
draws to the bit: a sum of eight 16-bit integers in place of a Gaussian, so nothing lies beyond 4.9 σ. With LoRA only
the adapted weights are distorted.
"""

from __future__ import annotations

import torch

from orchestrator.hardening import noise, sigma_nano_of
from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Range, Subject


def distort(subject: Subject, seed: str, sigma: float) -> None:
    """Add the noise of a seed to every weight that may change.

    Args:
        seed: of a hardening entry, or any other. sigma: standard deviation.

    Raises:
        ConfigurationError: the deviation is out of bounds.
    """
    nano = sigma_nano_of(sigma)
    with torch.no_grad():
        for name, parameter in subject.parameters().items():
            drawn = torch.from_numpy(noise(seed, name, 0, parameter.numel(), nano))
            parameter.add_(drawn.view(parameter.shape).to(parameter.device))


def _run(job: Job) -> None:
    distort(job.subject, str(job.seed), job.settings["sigma"])
    job.descend(lambda step: job.retain_loss())


METHOD = Recipe(
    "weight-distortion", _run, needs_forget=False, strength="sigma", ranges={"sigma": Range(0.02, 1e-5, 1.0)}
)
