"""The steps of one training, and the two who may take part: who keeps it for later, and who shares its batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from orchestrator.errors import DataError
from orchestrator.training.settings import TrainingSettings

Progress = Callable[[int, int, float], None]
"""Called after every step with (step from 1, steps, loss)."""

GRADIENT_NORM = 1.0

Gradients = Callable[[Any, Mapping[str, Tensor], "Run"], Tensor]
"""Fills the gradients of a run's parameters from a batch, which may be empty, and gives the mean loss of a sample."""


@dataclass
class Run:
    """A training between two steps.

    Attributes:
        trainable: parameters by name. step: how many are done. samples: how many they saw. losses: of each.
    """

    trainable: Mapping[str, nn.Parameter]
    optimizer: torch.optim.Optimizer
    device: torch.device
    step: int = 0
    samples: int = 0
    losses: list[float] = field(default_factory=list)


class Keeper(Protocol):
    """Keeps a training so that another process goes on with it."""

    def restore(self, run: Run) -> None:
        """Bring a run that has not begun to where it was last kept, random numbers too; leave it where nothing was."""

    def keep(self, run: Run) -> None:
        """Told after each step."""


class Team(Protocol):
    """Processes that share each batch of one training."""

    def part(self, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """This process's rows of a batch; at least one."""

    def gather(self, run: Run, loss: Tensor) -> Tensor:
        """Make gradients, and the loss that is returned, those of the whole batch in every process."""


def steps(
    adapted: Any,
    batches: Iterable[Mapping[str, Tensor]],
    settings: TrainingSettings,
    device: torch.device,
    *,
    progress: Progress | None = None,
    keeper: Keeper | None = None,
    team: Team | None = None,
    gradients: Gradients | None = None,
) -> Run:
    """Train whatever of a model may be trained.

    Args:
        gradients: of a policy that makes them in its own way, which does all the clipping there is.

    Raises:
        DataError: fewer batches than steps, or the loss is not finite.
    """
    trainable = {name: parameter for name, parameter in adapted.named_parameters() if parameter.requires_grad}
    optimizer = torch.optim.AdamW(list(trainable.values()), lr=settings.learning_rate, weight_decay=0.0)
    run = Run(trainable, optimizer, device)
    adapted.train()
    if keeper is not None:
        keeper.restore(run)
    for step, batch in enumerate(_exactly(batches, settings.steps), start=1):
        if step <= run.step:  # done before the process that kept it ended
            continue
        loss = _ordinary(adapted, batch, run, team) if gradients is None else gradients(adapted, batch, run)
        _step(run, settings, loss, int(batch["labels"].shape[0]))
        if not math.isfinite(run.losses[-1]):
            raise DataError(f"the loss of step {step} is not finite", mend="lower the learning rate")
        if keeper is not None:
            keeper.keep(run)
        if progress:
            progress(step, settings.steps, run.losses[-1])
    return run


def _ordinary(adapted: Any, batch: Mapping[str, Tensor], run: Run, team: Team | None) -> Tensor:
    part = batch if team is None else team.part(batch)
    loss: Any = adapted(**{name: tensor.to(run.device) for name, tensor in part.items()}).loss
    loss.backward()
    if team is not None:
        loss = team.gather(run, loss)
    nn.utils.clip_grad_norm_(list(run.trainable.values()), GRADIENT_NORM, error_if_nonfinite=False)
    return loss  # type: ignore[no-any-return]


def _step(run: Run, settings: TrainingSettings, loss: Tensor, samples: int) -> None:
    for group in run.optimizer.param_groups:  # down in a straight line, so that the last steps add little noise
        group["lr"] = settings.learning_rate * (settings.steps - run.step) / settings.steps
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    run.step += 1
    run.samples += samples
    run.losses.append(float(loss.detach()))


def _exactly(batches: Iterable[Mapping[str, Tensor]], count: int) -> Iterable[Mapping[str, Tensor]]:
    source = iter(batches)
    for done in range(count):
        batch = next(source, None)
        if batch is None:
            raise DataError(f"the data ends after {done} of {count} steps", mend="train fewer steps")
        yield batch
