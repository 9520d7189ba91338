"""One LoRA update: a fresh adapter on the folded base, some AdamW steps, and the base as it was before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from orchestrator.contribution import AdapterDelta, Start
from orchestrator.errors import ConfigurationError
from orchestrator.training.adapter import attached
from orchestrator.training.beginning import begin, conform
from orchestrator.training.discipline import Discipline
from orchestrator.training.settings import AdapterSettings, TrainingSettings
from orchestrator.training.steps import Keeper, Progress, Team, steps
from orchestrator.types import Digest


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """The delta, how many samples the steps saw, and the loss of each step."""

    delta: AdapterDelta
    samples: int
    losses: tuple[float, ...]


def train(
    model: Any,
    batches: Iterable[Mapping[str, Tensor]],
    adapter: AdapterSettings,
    settings: TrainingSettings,
    *,
    base: Digest,
    parent_manifest: Digest,
    seed: int,
    start: Start | None = None,
    progress: Progress | None = None,
    keeper: Keeper | None = None,
    team: Team | None = None,
    discipline: Discipline | None = None,
) -> TrainingOutcome:
    """Train one update on a folded model; the model's weights are the same bits before and after.

    The optimizer ``adamw`` is AdamW without weight decay, with gradients clipped to norm 1 and a learning rate that
    falls in a straight line from the task's to zero. On one CPU thread, equal arguments give equal bits, also where a
    keeper carried the training from one process to the next; a team adds gradients up in an order of its own.

    Args:
        model: the folded model, frozen.
        batches: one a step, at least ``settings.steps``.
        adapter: shape of the adapter. settings: steps, learning rate, optimizer.
        base: digest of the base model. parent_manifest: the manifest the model is folded to.
        seed: of the adapter's start and of dropout; see :func:`orchestrator.training.settings.derived_seed`.
        start: what the task's strategy has all members begin with; None for an adapter of the member's own seed.
        progress: told after each step.
        keeper: of what is done, for a process that goes on later. team: other processes that share each batch.
        discipline: what the task's privacy policy changes; ``batches`` are of its rows then.

    Raises:
        ConfigurationError: unknown optimizer, or no module of the model has such a name.
        DataError: fewer batches than steps, the loss is not finite, or a number grew beyond the task's grid.
    """
    if settings.optimizer != "adamw":
        raise ConfigurationError(f"unknown optimizer {settings.optimizer!r}", mend="use adamw")
    kept_to = discipline or Discipline()
    if team is not None and kept_to.gradients is not None:
        raise ConfigurationError("the task's privacy policy trains in one process", mend="set worker.processes=1")
    device = next(iter(model.parameters())).device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        with attached(model, adapter) as made:
            if start is not None:
                begin(made.layers, start)
            with kept_to.around(made):
                run = steps(
                    made.model,
                    batches,
                    settings,
                    device,
                    progress=progress,
                    keeper=keeper,
                    team=team,
                    gradients=kept_to.gradients,
                )
            modules, dense = made.factors(adapter), made.dense()
    delta = AdapterDelta(base, parent_manifest, modules, dense)
    samples = run.samples if kept_to.samples is None else kept_to.samples
    return TrainingOutcome(delta if start is None else conform(delta, start), samples, tuple(run.losses))
