"""What a task allows an update to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import FormatError
from orchestrator.types import MILLION, Digest

NORM_CEILING = 1e6
"""No update of a larger norm is ever added, whatever the task says: fp32 would lose the base model beside it."""


@dataclass(frozen=True, slots=True)
class DeltaRules:
    """The part of a task that an update is checked against.

    Attributes:
        base: digest of the base model.
        modules: allowed module name endings. dense: allowed endings of dense parameters' modules.
        ranks: allowed ranks; with lineage ``isolated`` all up to the largest. alpha, rslora: the one scale allowed.
        max_norm: largest Frobenius norm of the whole ΔW.
    """

    base: Digest
    modules: tuple[str, ...]
    ranks: frozenset[int] | range
    alpha: int
    rslora: bool = False
    dense: tuple[str, ...] = ()
    max_norm: float = NORM_CEILING

    @classmethod
    def from_task(cls, task: Mapping[str, Any]) -> DeltaRules:
        """Read the rules out of a ``loranchor/task`` object.

        Raises:
            FormatError: the object lacks one of them.
        """
        try:
            adapter, verdict = task["adapter"], task["verdict"]
            limit = int(verdict.get("max_norm", 0))
            top = int(verdict.get("max_rank", 0))
            ranks: frozenset[int] | range = frozenset(rank for rank in adapter["ranks"] if not top or rank <= top)
            if task.get("lineage") == "isolated":  # an update holds its owner's former work, and ranks add up
                ranks = range(1, top + 1)  # never counted out: the task's proposer chose its end
            return cls(
                base=task["base"]["digest"],
                modules=tuple(adapter["modules"]),
                ranks=ranks,
                alpha=adapter["alpha"],
                rslora=adapter["rslora"],
                dense=tuple(adapter["dense"]),
                max_norm=min(limit / MILLION, NORM_CEILING) if limit else NORM_CEILING,
            )
        except (KeyError, TypeError) as error:
            raise FormatError(f"the task has no usable adapter rules: {error}") from error

    def allows_module(self, name: str) -> bool:
        return any(ends_with(name, ending) for ending in self.modules)

    def allows_dense(self, name: str) -> bool:
        owner = name.rpartition(".")[0]
        return any(ends_with(owner, ending) or ends_with(name, ending) for ending in self.dense)


def ends_with(name: str, ending: str) -> bool:
    """Whether a dotted name ends with whole components, as PEFT matches target modules."""
    return name == ending or name.endswith(f".{ending}")
