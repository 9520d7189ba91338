"""What a robust filter is: from the geometry of a round's updates to integer verdicts.

A filter may use floats, because only its integer outcome is agreed upon (accept or not, a weight cap in millionths):
the members vote, and a median of their caps counts. A new one is a file in ``aggregation/filters`` that names its paper
and ends with :func:`register`; its name and the bounds of its settings go into ``ledger/methods.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ConfigurationError
from orchestrator.types import MILLION, UpdateId

TOO_FEW = "TOO_FEW_FOR_FILTER"


class TooFewUpdates(ConfigurationError):
    """A filter was given fewer updates than what it promises needs."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An update of the round that passed the structural check."""

    update_id: UpdateId
    delta: AdapterDelta


@dataclass(frozen=True, slots=True)
class FilterVerdict:
    """What a filter says of one candidate.

    Attributes:
        weight_cap: millionths. reason: a code of at most 31 upper-case ASCII characters where it is not accepted.
    """

    accept: bool
    weight_cap: int = MILLION
    reason: str = ""


class Filter(Protocol):
    """One robust filter; ``name`` as tasks and settings give it."""

    @property
    def name(self) -> str: ...

    def judge(self, candidates: Sequence[Candidate], gram: Tensor) -> Mapping[UpdateId, FilterVerdict]:
        """A verdict for each candidate.

        Args:
            candidates: in the order in which they were submitted. gram: of
                :func:`orchestrator.aggregation.distances.gram_matrix`, in the same order.

        Raises:
            TooFewUpdates: too few candidates for what the filter promises.
        """
        ...


FilterMaker = Callable[..., Filter]
_MAKERS: dict[str, FilterMaker] = {}


def register(name: str, maker: FilterMaker) -> None:
    """Make a filter known; ``maker`` takes its settings as keywords."""
    if name in _MAKERS:
        raise ConfigurationError(f"there are two filters named {name!r}")
    _MAKERS[name] = maker


def filters() -> tuple[str, ...]:
    """Names of all filters."""
    return tuple(sorted(_MAKERS))


def filter_named(name: str, **settings: Any) -> Filter:
    """The filter of that name.

    Raises:
        ConfigurationError: there is none, or it has no such setting.
    """
    if name not in _MAKERS:
        raise ConfigurationError(f"unknown filter {name!r}", mend=f"choose one of {', '.join(filters())}")
    try:
        return _MAKERS[name](**settings)
    except TypeError as error:
        raise ConfigurationError(f"filter {name} has no such setting: {error}") from error


def screened(
    chain: Sequence[Filter], candidates: Sequence[Candidate], gram: Callable[[], Tensor]
) -> dict[UpdateId, FilterVerdict]:
    """What filters say one after the other; each sees only what those before it accepted.

    Of several weight caps the smallest counts. A filter that is left with too few updates to promise anything rejects
    them all under :data:`TOO_FEW`: nothing enters the model unexamined.

    Args:
        candidates: as for :meth:`Filter.judge`. gram: makes the matrix of all of them, once, if there is a filter.
    """
    verdicts = {item.update_id: FilterVerdict(True) for item in candidates}
    left, matrix = list(range(len(candidates))), gram() if chain and candidates else None
    for one in chain:
        if matrix is None or not left:
            break
        for update_id, said in _said(one, [candidates[place] for place in left], matrix[left][:, left]).items():
            cap = min(said.weight_cap, verdicts[update_id].weight_cap)
            verdicts[update_id] = FilterVerdict(said.accept, cap if said.accept else 0, said.reason)
        left = [place for place in left if verdicts[candidates[place].update_id].accept]
    return verdicts


def _said(one: Filter, left: Sequence[Candidate], gram: Tensor) -> Mapping[UpdateId, FilterVerdict]:
    try:
        return one.judge(left, gram)
    except TooFewUpdates:
        return {item.update_id: FilterVerdict(False, 0, TOO_FEW) for item in left}
