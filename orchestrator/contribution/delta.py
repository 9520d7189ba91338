"""The delta of one organisation in one round."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from orchestrator.contribution.start import Frozen
from orchestrator.types import Digest


@dataclass(frozen=True, slots=True)
class LowRank:
    """A low-rank change of one weight matrix: ``scale · b @ a``.

    Attributes:
        a: (rank, inputs). b: (outputs, rank).
        alpha: LoRA's α. rslora: whether the scale is α/√rank instead of α/rank.
    """

    a: Tensor
    b: Tensor
    alpha: int
    rslora: bool = False

    @property
    def rank(self) -> int:
        return int(self.a.shape[0])

    @property
    def scale(self) -> float:
        return self.alpha / (math.sqrt(self.rank) if self.rslora else self.rank)


@dataclass(frozen=True, slots=True)
class AdapterDelta:
    """What an organisation adds to a model: low-rank changes by module, dense changes by parameter.

    Attributes:
        base: digest of the base model that it changes.
        parent_manifest: digest of the manifest it was trained from.
        modules: module name, such as ``model.layers.0.self_attn.q_proj``, to its change.
        dense: parameter name, such as ``classifier.weight``, to what is added to it.
        frozen: the factor that the task's strategy did not let it train, if any.
    """

    base: Digest
    parent_manifest: Digest
    modules: Mapping[str, LowRank]
    dense: Mapping[str, Tensor] = field(default_factory=dict)
    frozen: Frozen | None = None

    @property
    def seed(self) -> int | None:
        """The seed that all its A follow from, so that they do not travel; None where they do."""
        return self.frozen.seed if self.frozen else None

    @property
    def parameters(self) -> int:
        """How many numbers it holds."""
        return sum(low.a.numel() + low.b.numel() for low in self.modules.values()) + sum(
            tensor.numel() for tensor in self.dense.values()
        )
