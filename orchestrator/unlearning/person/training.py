"""How the meta-loss learns: by what its own step does to the people of simulated requests and to others.

Source: De Min and others, arXiv 2407.12069, and their code (github.com/tdemin16/one-shui, read, not copied). With
θ_u = θ − η·∇M and e(D, θ) = L(D; θ)·(1 − acc(D; θ)), d smooth-L1 and ⊥ for constants, the aim `full` is

    A = d(e(D_f, θ_u), ⊥e(D_v, θ_u)) + d(e(D_f, θ_u), ⊥e(D_v, θ)):

after the step, the model is to be as wrong on those who asked as on people it never saw, and no more. Their code has
another aim that reviewers asked for, here `reviewed`; there gradients tell h of the harm to others:

    A = d(e(D_f, θ_u), ⊥e(D_v, θ_u)) + d(e(D_v, θ_u), ⊥e(D_v, θ)).

Neither looks at people who stay and are known by heart; `kept`, which is ours, does, by plain losses of pictures D_r
of theirs:

    A = d(L(D_f, θ_u), ⊥L(D_v, θ)) + d(L(D_r, θ_u), ⊥L(D_r, θ)).

AdamW with AMSGrad and no weight decay, its rate falling along a cosine. acc of attributes is the mean average
precision over those that somebody in the batch shows; of classes the share of right answers. Where the model ranks all
pictures of those who ask right, e is 0 and so is its gradient: nothing is learnt of such an episode. A ``floor`` under
1 − acc keeps such episodes alive; that is ours, and off unless asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
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

AIMS = ("full", "reviewed", "kept")


@dataclass(frozen=True, slots=True)
class MetaTraining:
    """Settings of the paper.

    Attributes:
        rate: η of the step. learning_rate: of the meta-loss's own descent. weight_decay: as torch's AdamW has it.
        floor: least 1 − acc that a loss is weighed with; 0 is the paper's. aim: of :data:`AIMS`.
    """

    rate: float = RATE
    learning_rate: float = 1e-4
    weight_decay: float = 0.0
    floor: float = 0.0
    aim: str = "full"

    def __post_init__(self) -> None:
        if not (self.rate > 0 and self.learning_rate > 0 and self.weight_decay >= 0 and 0 <= self.floor <= 1):
            raise ConfigurationError(f"{self} has a number out of bounds", mend="rates above 0, a floor from 0 to 1")
        if self.aim not in AIMS:
            raise ConfigurationError(f"no aim {self.aim!r}", mend=f"choose {' or '.join(AIMS)}")


def mean_average_precision(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean over attributes that some picture shows of their average precision; 1 where none shows any.

    Args:
        logits, labels: (pictures, attributes); labels are 0 and 1.
    """
    shown = labels.bool()
    order = torch.argsort(logits, dim=0, descending=True, stable=True)
    hits = shown.gather(0, order).double()
    ranks = torch.arange(1, len(logits) + 1, device=logits.device).unsqueeze(1)
    precisions = (hits * hits.cumsum(0) / ranks).sum(0) / hits.sum(0).clamp(min=1)
    there = shown.any(0)
    return precisions[there].mean().float() if bool(there.any()) else logits.new_ones(())


def error(subject: Subject, weights: Mapping[str, Tensor], batch: Batch, floor: float = 0.0) -> Tensor:
    """Loss times 1 − acc, at these weights; gradients pass through the loss alone."""
    model = Elsewhere(subject.model, weights)
    with torch.no_grad():
        logits = subject.task.logits(model, batch)
        labels = batch["labels"].to(logits.device)
        if labels.is_floating_point():
            right = mean_average_precision(logits, labels)
        else:
            right = (logits.argmax(-1) == labels).float().mean()
    return subject.task.losses(model, batch).mean() * (1 - right).clamp(min=floor)


def objective(subject: Subject, meta: MetaLoss, episode: Episode, settings: MetaTraining | None = None) -> Tensor:
    """A of one episode, with a graph to the meta-loss's parameters through the step; the model stays as it is."""
    chosen = settings or MetaTraining()
    weights = {name: parameter.detach().clone().requires_grad_() for name, parameter in subject.parameters().items()}
    support = episode.support.to(subject.device)
    moved = stepped(subject.model, weights, meta, support, rate=chosen.rate, graph=True)
    if chosen.aim == "kept":
        return _keeping(subject, weights, moved, episode)
    forgotten = error(subject, moved, episode.forget, chosen.floor)
    with torch.set_grad_enabled(chosen.aim == "reviewed"):
        after = error(subject, moved, episode.validation, chosen.floor)
    with torch.no_grad():
        before = error(subject, weights, episode.validation, chosen.floor)
    held = after if chosen.aim == "reviewed" else forgotten
    return functional.smooth_l1_loss(forgotten, after.detach()) + functional.smooth_l1_loss(held, before)


def _keeping(subject: Subject, weights: Mapping[str, Tensor], moved: Mapping[str, Tensor], episode: Episode) -> Tensor:
    def loss(state: Mapping[str, Tensor], batch: Batch) -> Tensor:
        return subject.task.losses(Elsewhere(subject.model, state), batch).mean()

    with torch.no_grad():
        strangers, before = loss(weights, episode.validation), loss(weights, episode.retain)
    forgotten, kept = loss(moved, episode.forget), loss(moved, episode.retain)
    return functional.smooth_l1_loss(forgotten, strangers) + functional.smooth_l1_loss(kept, before)


def train_meta_loss(
    subject: Subject,
    meta: MetaLoss,
    requests: Sequence[Episode],
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
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, len(requests)))
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
            falling.step()
            if progress:
                progress(number, values[-1])
        meta.eval()
    return values
