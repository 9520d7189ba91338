"""The one step of MetaUnlearn, θ − η·∇h(f_θ(S)), differentiable for training h, and as a change of a model in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from orchestrator.errors import ConfigurationError
from orchestrator.models.faces import WithFeatures
from orchestrator.unlearning.person.meta_loss import MetaLoss
from orchestrator.unlearning.refusal import NotFinite
from orchestrator.unlearning.subject import Subject

RATE = 0.1
"""η of the paper."""


@dataclass(frozen=True, slots=True)
class Support:
    """Pictures of those who ask, one each as a rule.

    Attributes:
        pixel_values: (pictures, channels, height, width), normalised as the model takes them.
        targets: float32 (pictures, outputs) of 0 and 1, what they show. people: int64 (pictures,), whose it is.
    """

    pixel_values: Tensor
    targets: Tensor
    people: Tensor

    def to(self, device: torch.device) -> Support:
        """The same where the model is."""
        return Support(self.pixel_values.to(device), self.targets.to(device), self.people.to(device))


class _Seen(nn.Module):
    """A model that gives its features beside its logits, so that one call at other weights has both."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
        model: Any = self.model
        features = model.features(pixel_values)
        return model.head(features), features


def stepped(
    model: nn.Module,
    weights: Mapping[str, Tensor],
    meta: MetaLoss,
    support: Support,
    *,
    rate: float = RATE,
    graph: bool = False,
) -> dict[str, Tensor]:
    """Weights after the step; the model's own stay.

    Args:
        weights: θ by parameter name, those that may change; they require gradients. graph: keep the graph, so that
            derivatives with respect to the meta-loss's parameters pass through the gradient (second order).

    Raises:
        ConfigurationError: the model gives no features.
        NotFinite: a weight after the step is not.
    """
    if not isinstance(model, WithFeatures):
        raise ConfigurationError(f"{type(model).__name__} has no features", mend="give it `features` and `head`")
    state = {f"model.{name}": weight for name, weight in weights.items()}
    logits, features = torch.func.functional_call(_Seen(model), state, (support.pixel_values,))
    value = meta(logits, features, support.targets, support.people)
    found = torch.autograd.grad(value, list(weights.values()), create_graph=graph, allow_unused=True)
    moved = {
        name: weight if gradient is None else weight - rate * gradient
        for (name, weight), gradient in zip(weights.items(), found, strict=True)
    }
    if not all(bool(torch.isfinite(weight).all()) for weight in moved.values()):
        raise NotFinite("a weight after the step of the meta-loss")
    return moved


def forget_in_place(subject: Subject, meta: MetaLoss, support: Support, *, rate: float = RATE) -> None:
    """Take the step on a model in use: no dropout, nothing drawn, so equal arguments give equal bits.

    Raises:
        ConfigurationError, NotFinite: as :func:`stepped`; the subject is then as it was.
    """
    weights = {name: parameter.detach().clone().requires_grad_() for name, parameter in subject.parameters().items()}
    training = meta.training
    meta.eval()
    try:
        with subject.evaluated():
            moved = stepped(subject.model, weights, meta, support.to(subject.device), rate=rate)
    finally:
        meta.train(training)
    with torch.no_grad():
        for name, parameter in subject.parameters().items():
            parameter.copy_(moved[name])
