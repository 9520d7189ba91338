"""What a robust filter is: from the geometry of a round's updates to integer verdicts.

A filter may use floats, because only its integer outcome is agreed upon (accept or not, a weight cap in millionths):
the members vote, and the lower median of their caps counts. A new one is a file in ``aggregation/filters`` that names
its paper and ends with :func:`register`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ConfigurationError
from orchestrator.types import MILLION, OrganisationId, UpdateId


@dataclass(frozen=True, slots=True)
class Candidate:
    """An update of the round that passed the structural check."""

    update_id: UpdateId
    organisation: OrganisationId
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
            candidates: in the order of their ids. gram: of :func:`orchestrator.aggregation.distances.gram_matrix`, in
                the same order.

        Raises:
            ConfigurationError: too few candidates for what the filter promises.
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
