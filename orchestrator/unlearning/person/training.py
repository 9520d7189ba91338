"""How the meta-loss learns: by what its own step does to the people of simulated requests and to others.

Source: De Min and others, arXiv 2407.12069. With θ_u = θ − η·∇M and e(D, θ) = L(D; θ)·(1 − acc(D; θ)),
A = d(e(D_f, θ_u), e(D_v, θ_u)) + d(e(D_f, θ_u), e(D_v, θ)), d smooth-L1 and the validation terms constants: after the
step, the model is to be as wrong on those who asked as on people it never saw, and no more. AdamW with AMSGrad.

Where the model answers everything right for those who asked, e is 0 and so is its gradient, whatever the loss: nothing
is learnt of such an episode. A ``floor`` under the share of wrong answers keeps such episodes alive. And since the
validation terms are constants, h is not told that its step harms others: where e(D_v, θ_u) grows faster than
e(D_f, θ_u), both run away. ``through_validation`` lets gradients pass there as well. Both are ours, and off unless
asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.person.episodes import Episode
from orchestrator.unlearning.person.meta_loss import MetaLoss
from orchestrator.unlearning.person.step import RATE, stepped
from orchestrator.unlearning.refusal import NotFinite
from orchestrator.unlearning.subject import Batch, Elsewhere, Subject, derived


@dataclass(frozen=True, slots=True)
class MetaTraining:
    """Settings of the paper.

    Attributes:
        rate: η of the step. learning_rate: of the meta-loss's own descent. weight_decay: as torch's AdamW has it.
        floor: least share of wrong answers that a loss is weighed with; 0 is the paper's.
        through_validation: whether gradients pass through e(D_v, θ_u) as well.
    """

    rate: float = RATE
    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    floor: float = 0.0
    through_validation: bool = False

    def __post_init__(self) -> None:
        if not (self.rate > 0 and self.learning_rate > 0 and self.weight_decay >= 0 and 0 <= self.floor <= 1):
            raise ConfigurationError(f"{self} has a number out of bounds", mend="rates above 0, a floor from 0 to 1")


def error(subject: Subject, weights: Mapping[str, Tensor], batch: Batch, floor: float = 0.0) -> Tensor:
    """Loss times the share of wrong answers, at these weights; gradients pass through the loss alone."""
    model = Elsewhere(subject.model, weights)
    with torch.no_grad():
        logits = subject.task.logits(model, batch)
    labels = batch["labels"].to(logits.device)
    if labels.is_floating_point():
        right = ((logits > 0) == (labels > 0.5)).float().mean()
    else:
        right = (logits.argmax(-1) == labels).float().mean()
    return subject.task.losses(model, batch).mean() * (1 - right).clamp(min=floor)


def objective(subject: Subject, meta: MetaLoss, episode: Episode, settings: MetaTraining | None = None) -> Tensor:
    """A of one episode, with a graph to the meta-loss's parameters through the step; the model stays as it is."""
    chosen = settings or MetaTraining()
    weights = {name: parameter.detach().clone().requires_grad_() for name, parameter in subject.parameters().items()}
    support = episode.support.to(subject.device)
    moved = stepped(subject.model, weights, meta, support, rate=chosen.rate, graph=True)
    forgotten = error(subject, moved, episode.forget, chosen.floor)
    with torch.set_grad_enabled(chosen.through_validation):
        after = error(subject, moved, episode.validation, chosen.floor)
    with torch.no_grad():
        before = error(subject, weights, episode.validation, chosen.floor)
    return functional.smooth_l1_loss(forgotten, after) + functional.smooth_l1_loss(forgotten, before)


def train_meta_loss(
    subject: Subject,
    meta: MetaLoss,
    requests: Iterable[Episode],
    settings: MetaTraining | None = None,
    *,
    seed: int,
    progress: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Change the meta-loss, episode by episode; the model that it is for keeps its bits.

    Args:
        progress: called after each episode with its number from 1 and A.

    Returns:
        A of every episode, before the meta-loss changed by it.

    Raises:
        NotFinite: A or a weight after a step is not.
    """
    chosen = settings or MetaTraining()
    optimizer = torch.optim.AdamW(
        meta.parameters(), lr=chosen.learning_rate, weight_decay=chosen.weight_decay, amsgrad=True
    )
    values = []
    with torch.random.fork_rng(devices=[]), subject.evaluated():
        torch.manual_seed(derived(seed, "meta-loss"))  # of its dropout
        meta.train()
        for number, episode in enumerate(requests, start=1):
            optimizer.zero_grad(set_to_none=True)
            found = objective(subject, meta, episode, chosen)
            values.append(float(found.detach()))
            if not math.isfinite(values[-1]):
                raise NotFinite(f"the objective of episode {number}")
            torch.autograd.backward(found, inputs=list(meta.parameters()))
            optimizer.step()
            if progress:
                progress(number, values[-1])
        meta.eval()
    return values
