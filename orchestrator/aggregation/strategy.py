"""What a method of aggregation is: how the low-rank blocks of one module become one product, and the register of all.

A strategy never sees files, sealed payloads or a whole model. The engine hands it the blocks of one module and one
group of contributions, always in the manifest's order, and adds the product that it returns on the fixed tile grid.
So every strategy is streamed, bounded in memory, resumable and reproducible without doing anything for it.

A new one is a file in ``aggregation/strategies`` that names its paper and ends with :func:`register`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

from orchestrator.aggregation.entries import FoldEntry
from orchestrator.contribution import LowRank
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.compactions import COMPACTION
from orchestrator.types import OrganisationId, UpdateId

WEIGHT_ONE = 1 << 32
"""The weight 1; weights are integers over it."""

Group = tuple[FoldEntry, ...]
"""Contributions that are combined at once, in the manifest's order."""


@dataclass(frozen=True, slots=True)
class Block:
    """One contribution's part of one module. Its numbers are read when they are asked for, and kept by nobody.

    Attributes:
        weight: over 2**32.
        outline: rank, shapes, α and type; its tensors may be on the ``meta`` device.
        load: reads the factors, onto the device of the fold, in the type that they travelled in.
    """

    update_id: UpdateId
    round: int
    organisation: OrganisationId
    weight: int
    outline: LowRank
    load: Callable[[], LowRank] = field(repr=False, compare=False)

    @classmethod
    def of(cls, entry: FoldEntry, outline: LowRank, load: Callable[[], LowRank] | None = None) -> Block:
        """The block of an entry; without ``load`` the outline holds the numbers itself."""
        known = (entry.update_id, entry.round, entry.organisation, entry.weight)
        return cls(*known, outline, load or (lambda: outline))

    @property
    def factor(self) -> float:
        """What ``b @ a`` is multiplied with: weight · scale."""
        return self.weight / WEIGHT_ONE * self.outline.scale

    @property
    def rank(self) -> int:
        return self.outline.rank

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs) of the module."""
        return self.outline.b.shape[0], self.outline.a.shape[1]


@dataclass(frozen=True, slots=True)
class Product:
    """What a group adds to a module: ``left @ right``.

    Attributes:
        left: (outputs, columns) fp32. right: (columns, inputs) fp32.
        figures: what the method tells of it, as sums over modules and groups: ``norm2`` for ‖exact ΔW‖² and ``error2``
            for ‖exact ΔW − left @ right‖², so that the relative error of the whole fold is √(Σ error2 / Σ norm2).
    """

    left: Tensor
    right: Tensor
    figures: Mapping[str, float] = field(default_factory=dict)


class Strategy(Protocol):
    """One method of aggregation.

    Attributes:
        name: as tasks and settings give it. version: a change of bits is a new one.
        exact: whether the products add up to Σ weight·scale·B·A, but for rounding.
        settings: its own settings, integers and texts: with name and version they say which bits a fold has.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def exact(self) -> bool: ...
    @property
    def settings(self) -> Mapping[str, int | str]: ...

    def closes(self, group: Sequence[FoldEntry], columns: int, following: FoldEntry | None) -> bool:
        """Whether a group is complete, so that it is combined before the manifest's next contribution is opened.

        Args:
            group: entries since the last group, at least one.
            columns: the sum of their ranks, of each the rank of its widest module.
            following: the manifest's next entry; after the last one every group is closed.
        """
        ...

    def combine(self, module: str, blocks: Sequence[Block]) -> Product:
        """The product of one module and one group.

        Args:
            module: its name, without ``.weight``.
            blocks: in the manifest's order, at least one; of a group's contributions those that change the module.

        Raises:
            ContributionRefused: these blocks cannot be combined rightly by this method; says why.
        """
        ...


StrategyMaker = Callable[..., Strategy]
_MAKERS: dict[str, StrategyMaker] = {}


def register(name: str, maker: StrategyMaker) -> None:
    """Make a strategy known.

    Args:
        name: as tasks and settings give it. maker: takes the strategy's own settings as keywords.
    """
    if name in _MAKERS:
        raise ConfigurationError(f"there are two strategies named {name!r}")
    _MAKERS[name] = maker


def strategies() -> tuple[str, ...]:
    """Names of all strategies."""
    return tuple(sorted(_MAKERS))


def strategy_named(name: str, **settings: Any) -> Strategy:
    """The strategy of that name.

    Raises:
        ConfigurationError: there is none, or it has no such setting.
    """
    if name not in _MAKERS:
        raise ConfigurationError(f"unknown strategy {name!r}", mend=f"choose one of {', '.join(strategies())}")
    try:
        return _MAKERS[name](**settings)
    except TypeError as error:
        raise ConfigurationError(f"strategy {name} has no such setting: {error}") from error


def ends_round(group: Sequence[FoldEntry], following: FoldEntry | None) -> bool:
    """Whether the group's last entry is the last one of its round."""
    return following is None or following.round != group[-1].round


def closed(strategy: Strategy, group: Sequence[FoldEntry], columns: int, following: FoldEntry | None) -> bool:
    """Whether a group is complete: as the strategy says, but that a compaction is a group by itself.

    It holds what the strategy made of others already, and is added as it is (``strategies.stack.combined``).
    """
    return group[-1].organisation == COMPACTION or strategy.closes(group, columns, following)


def grouped(strategy: Strategy, entries: Sequence[FoldEntry], widths: Mapping[UpdateId, int]) -> list[Group]:
    """A manifest's entries as the strategy groups them.

    Args:
        widths: rank of each contribution's widest module, 0 where all of it is dense.
    """
    groups: list[Group] = []
    group: list[FoldEntry] = []
    columns = 0
    for entry, following in zip(entries, [*entries, None][1:], strict=True):
        group.append(entry)
        columns += widths[entry.update_id]
        if following is None or closed(strategy, group, columns, following):
            groups.append(tuple(group))
            group, columns = [], 0
    return groups
