"""Fine-tuning on what is kept ("catastrophic forgetting"): CE_retain with weight decay, the baseline.

Source: Siddiqui et al., arXiv 2505.22310 (weight decay 1e-3). The decay pulls ΔW to zero: with LoRA towards the base.
"""

from __future__ import annotations

from orchestrator.unlearning.methods.recipe import Job, Recipe
from orchestrator.unlearning.subject import Range


def _run(job: Job) -> None:
    job.descend(lambda step: job.retain_loss(), weight_decay=job.settings["weight_decay"])


METHOD = Recipe("finetune", _run, needs_forget=False, ranges={"weight_decay": Range(1e-3, 0.0, 10.0)})
