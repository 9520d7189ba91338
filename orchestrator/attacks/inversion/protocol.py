"""The seam between attacks, the victims they attack and the tables they stand in.

A victim is a member's network with all that the member knows; an observation is what left the member. An attack gets
both, and takes of the victim only what its :class:`Knowledge` allows: victims hand that out, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from torch import Tensor

from orchestrator.attacks.inversion.knowledge import Knowledge

V = TypeVar("V", contravariant=True)


@dataclass(frozen=True, slots=True)
class LocalSteps:
    """How a member trained before it sent an update: plain SGD, the whole batch in every step.

    Attributes:
        steps: from 1. rate: the learning rate, which the task's settings make public.
    """

    steps: int
    rate: float


@dataclass(frozen=True, slots=True)
class Observation:
    """What a curious aggregator sees of one member in one round.

    Attributes:
        tensors: by parameter name: gradients, or where ``local`` is set weights after training less those before.
            Tensors of a lock are not among them.
        batch: samples that they come from.
        local: None for the gradient of one batch.
    """

    tensors: Mapping[str, Tensor]
    batch: int = 1
    local: LocalSteps | None = None


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """What an attack made of it.

    Attributes:
        inputs: images [batch, channels, height, width], pixels in [0, 1]; or tokens int64 [batch, length].
        labels: int64 [batch]; None where the attack does not look for them.
        figures: what the attack knows about itself, such as the ``distance`` it ended at and its ``iterations``.
    """

    inputs: Tensor
    labels: Tensor | None = None
    figures: Mapping[str, float] = field(default_factory=dict)


class Attack(Protocol[V]):
    """One attack on victims of one kind.

    Attributes:
        name: short, for tables. knowledge: what it takes of a victim.
    """

    @property
    def name(self) -> str: ...

    @property
    def knowledge(self) -> Knowledge: ...

    def run(self, victim: V, observed: Observation, *, seed: int) -> Reconstruction:
        """Attack. ``seed`` decides all that is random.

        Raises:
            DataError: the observation does not belong to the victim, or leaves nothing to go by.
        """
        ...
