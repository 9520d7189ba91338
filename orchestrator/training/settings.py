"""The parts of a task that training follows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import ConfigurationError, FormatError


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """LoRA's shape: module name endings, rank, α, rsLoRA, and modules that are trained densely."""

    modules: tuple[str, ...]
    rank: int
    alpha: int
    rslora: bool = False
    dense: tuple[str, ...] = ()

    @classmethod
    def from_task(cls, task: Mapping[str, Any], *, rank: int | None = None) -> AdapterSettings:
        """Read them out of a ``loranchor/task`` object.

        Args:
            task: the task. rank: this organisation's choice; the first allowed one by default.

        Raises:
            FormatError: the object lacks one of them.
            ConfigurationError: the task does not allow the rank.
        """
        try:
            part = task["adapter"]
            chosen = part["ranks"][0] if rank is None else rank
            settings = cls(tuple(part["modules"]), chosen, part["alpha"], part["rslora"], tuple(part["dense"]))
            allowed = list(part["ranks"])
        except (KeyError, TypeError, IndexError) as error:
            raise FormatError(f"the task has no usable adapter settings: {error}") from error
        if chosen not in allowed:
            raise ConfigurationError(f"rank {chosen} is not allowed by the task", mend=f"choose one of {allowed}")
        return settings


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Steps, sequences a step, tokens a sequence, learning rate in 1e-9, optimizer, seed, slices of the samples."""

    steps: int
    batch: int
    length: int
    learning_rate_nano: int
    optimizer: str = "adamw"
    seed: int = 0
    slices: int = 1

    @classmethod
    def from_task(cls, task: Mapping[str, Any]) -> TrainingSettings:
        """Read them out of a ``loranchor/task`` object.

        Raises:
            FormatError: the object lacks one of them.
        """
        try:
            part = task["training"]
            names = ("steps", "batch", "length", "learning_rate_nano", "optimizer", "seed")
            return cls(**{name: part[name] for name in names}, slices=part.get("slices", 1))
        except (KeyError, TypeError, AttributeError) as error:
            raise FormatError(f"the task has no usable training settings: {error}") from error

    @property
    def learning_rate(self) -> float:
        return self.learning_rate_nano / 1_000_000_000


def derived_seed(*parts: object) -> int:
    """A seed of 62 bits out of a task's seed and what must differ: organisation, round, purpose."""
    text = "/".join(str(part) for part in ("loranchor seed 1", *parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 2
