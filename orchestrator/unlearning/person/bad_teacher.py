"""Bad Teacher: KL to the former model on what is kept, and KL to a model that knows nothing on what is forgotten.

Steps alternate. Source: Chundawat et al., arXiv 2205.08096, a baseline in De Min et al., arXiv 2407.12069. The
incompetent teacher there has random weights; here it is the former model with ΔW, or the whole of θ where there is no
base, drawn anew with each tensor's own mean and deviation, which needs no code of the model's initialisation. With
LoRA that is the base with a random ΔW.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.methods.scrub import divergence
from orchestrator.unlearning.subject import Elsewhere, Range
from orchestrator.unlearning.tasks import scored


def ignorant(job: Job) -> dict[str, Tensor]:
    """θ by name with each ΔW replaced by normal numbers of its mean and deviation."""
    generator = job.generator("incompetent teacher")
    found = {}
    for name, delta in job.subject.delta().items():
        drawn = torch.randn(delta.shape, generator=generator).to(delta.device)
        spread = delta.std() if delta.numel() > 1 else delta.new_zeros(())
        base = job.subject.base_of(name)
        fresh = drawn * spread + delta.mean()
        found[name] = fresh if base is None else base + fresh
    return found


@contextmanager
def _teaching(job: Job, weights: dict[str, Tensor]) -> Iterator[Elsewhere]:
    state = {**weights, **{name: kept.clone() for name, kept in job.origin.buffers.items()}}
    with torch.no_grad(), job.subject.evaluated(norms=False):
        yield Elsewhere(job.subject.model, state)


def _run(job: Job) -> None:
    weights, task = ignorant(job), job.subject.task

    def objective(step: int) -> Tensor:
        if step % 2:
            return divergence(job, job.next_retain())
        batch = job.next_forget()
        with _teaching(job, weights) as teacher:
            wanted = functional.log_softmax(scored(task.logits(teacher, batch), batch), -1)
        now = functional.log_softmax(scored(task.logits(job.subject.model, batch), batch), -1)
        return job.settings["alpha"] * functional.kl_div(now, wanted, reduction="batchmean", log_target=True)

    job.descend(objective)


METHOD = Recipe("bad-teacher", _run, needs_forget=True, strength="alpha", ranges={"alpha": Range(1.0, 1e-3, 100.0)})
