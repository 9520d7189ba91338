"""ΔW of a manifest in memory, contribution by contribution: what a daemon's model is moved with.

Opened contributions are held for one group only. Sums over all rounds but the last may be kept (:class:`Stem`), so that
the next fold of a manifest that begins with the same rounds opens only what is new; the bits are the same either way,
since a fold adds one round after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from orchestrator.aggregation.entries import FoldEntry, Opener
from orchestrator.aggregation.strategies.stack import combined
from orchestrator.aggregation.strategy import WEIGHT_ONE, Block, Group, Strategy, closed
from orchestrator.aggregation.tiles import Workers, add_scaled, add_tile, flat_tiles, row_tiles
from orchestrator.contribution import AdapterDelta, LowRank
from orchestrator.errors import ProtocolError
from orchestrator.types import Digest

FOLD_VERSION = 1
"""Fixes order and tiles of all floating-point operations of the fold; see docs/methods/fold.md."""

ZeroMaker = Callable[[str], Tensor]
Sums = dict[str, Tensor]
"""ΔW by parameter name, fp32."""
Opened = Sequence[tuple[FoldEntry, AdapterDelta]]


LARGEST = frozenset({"rounding"})
"""Figures of which the largest counts, not the sum: what writing in a smaller type changed a number by at most."""


@dataclass(slots=True)
class Tally:
    """Sums of what the strategy told of its products."""

    figures: dict[str, float] = field(default_factory=dict)

    def add(self, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            before = self.figures.get(name, 0.0)
            self.figures[name] = max(before, value) if name in LARGEST else before + value

    @property
    def relative_error(self) -> float:
        """√(Σ error² / Σ norm²) over groups and modules; 0 for a strategy that loses nothing.

        Of one group it is ‖exact ΔW − the fold's‖ / ‖exact ΔW‖; over several, errors that cancel each other count.
        """
        whole = self.figures.get("norm2", 0.0)
        return (self.figures.get("error2", 0.0) / whole) ** 0.5 if whole else 0.0


@dataclass(frozen=True, slots=True)
class Stem:
    """Sums over a manifest's entries without those of its last round.

    Attributes:
        last, columns: the last group and its columns, which tell whether a strategy would have closed it.
    """

    entries: tuple[FoldEntry, ...]
    sums: Sums
    figures: Mapping[str, float]
    last: Group
    columns: int

    def begins(self, entries: Sequence[FoldEntry], strategy: Strategy) -> bool:
        """Whether a fold of ``entries`` has these sums on its way."""
        count = len(self.entries)
        return tuple(entries[:count]) == self.entries and (
            len(entries) == count or closed(strategy, self.last, self.columns, entries[count])
        )


class Accumulator:
    """Adds up contributions in the manifest's order.

    Args:
        base: digest that every delta must name.
        zeros: makes the zero tensor of a parameter; raises ProtocolError for one that the model lacks.
        stem: sums to begin with, of the same base and strategy.
    """

    def __init__(
        self, strategy: Strategy, base: Digest, zeros: ZeroMaker, device: torch.device, *, stem: Stem | None = None
    ) -> None:
        self.sums: Sums = {} if stem is None else {name: tensor.clone() for name, tensor in stem.sums.items()}
        self.tally = Tally({} if stem is None else dict(stem.figures))
        self.stem = stem
        self._strategy, self._base, self._zeros, self._device = strategy, base, zeros, device

    def run(self, entries: Sequence[FoldEntry], opener: Opener) -> None:
        """Open each contribution after the stem once, in order, and add it.

        Raises:
            ProtocolError: a contribution is for another base, names an unknown parameter or does not fit.
        """
        done = len(self.stem.entries) if self.stem else 0
        group: list[tuple[FoldEntry, AdapterDelta]] = []
        columns = 0
        with Workers(device=self._device) as workers:
            for place in range(done, len(entries)):
                entry, following = entries[place], entries[place + 1] if place + 1 < len(entries) else None
                group.append((entry, self._opened(entry, opener)))
                columns += widest(group[-1][1])
                members = tuple(item for item, _ in group)
                if following is None or closed(self._strategy, members, columns, following):
                    add_group(self.sums, group, self._strategy, workers, self._device, self.tally)
                    if following is not None and following.round == entries[-1].round != entry.round:
                        self._keep(entries[: place + 1], members, columns)
                    group, columns = [], 0

    def _keep(self, entries: Sequence[FoldEntry], last: Group, columns: int) -> None:
        sums = {name: tensor.clone() for name, tensor in self.sums.items()}
        self.stem = Stem(tuple(entries), sums, dict(self.tally.figures), last, columns)

    def _opened(self, entry: FoldEntry, opener: Opener) -> AdapterDelta:
        delta = opener(entry.update_id)
        if delta.base != self._base:
            raise ProtocolError(f"contribution {entry.update_id} was made for another base, {delta.base}")
        for name, shape in changed(delta).items():
            if name not in self.sums:
                self.sums[name] = self._zeros(name)
            if tuple(self.sums[name].shape) != shape:
                raise ProtocolError(f"contribution {entry.update_id} does not fit {name}")
        return delta


def add_group(
    totals: Mapping[str, Tensor],
    opened: Opened,
    strategy: Strategy,
    workers: Workers,
    device: torch.device,
    tally: Tally | None = None,
) -> None:
    """Add one group to ``totals``, a parameter to a thread."""

    def one(name: str) -> Mapping[str, float]:
        figures: Mapping[str, float] = {}
        blocks = blocks_of(name.removesuffix(".weight"), opened, device) if name in low_rank else []
        if blocks:
            product = combined(strategy, name.removesuffix(".weight"), blocks)
            figures = product.figures
            for start, end in row_tiles(totals[name].shape[0]):
                add_tile(totals[name][start:end], product, start, end)
        if name in dense:
            parts = [(item.weight / WEIGHT_ONE, delta.dense[name]) for item, delta in opened if name in delta.dense]
            add_dense(totals[name], parts)
        return figures

    low_rank = {f"{name}.weight" for _, delta in opened for name in delta.modules}
    dense = {name for _, delta in opened for name in delta.dense}
    tasks = [lambda name=name: one(name) for name in sorted(low_rank | dense)]
    for figures in workers.ordered(tasks):
        if tally is not None:
            tally.add(figures)


def blocks_of(module: str, opened: Opened, device: torch.device) -> list[Block]:
    """What a group holds of one module."""
    return [
        Block.of(item, delta.modules[module], partial(placed, delta.modules[module], device))
        for item, delta in opened
        if module in delta.modules
    ]


def placed(low: LowRank, device: torch.device) -> LowRank:
    """The factors on a device; nothing is copied where they are there already."""
    return LowRank(low.a.to(device), low.b.to(device), low.alpha, low.rslora)


def add_dense(total: Tensor, parts: Sequence[tuple[float, Tensor]]) -> None:
    """``total += Σ factor · part``, one tile through all parts after the other."""
    if not total.is_contiguous():
        for factor, part in parts:
            add_scaled(total, part, factor)
        return
    flat, others = total.view(-1), [(factor, part.reshape(-1)) for factor, part in parts]
    for start, end in flat_tiles(flat.numel()):
        for factor, part in others:
            add_scaled(flat[start:end], part[start:end], factor)


def widest(delta: AdapterDelta) -> int:
    """Rank of its widest module; 0 where all of it is dense."""
    return max((low.rank for low in delta.modules.values()), default=0)


def changed(delta: AdapterDelta) -> dict[str, tuple[int, ...]]:
    """Shapes of the parameters that a delta changes, by name."""
    found: dict[str, tuple[int, ...]] = {
        f"{name}.weight": (low.b.shape[0], low.a.shape[1]) for name, low in delta.modules.items()
    }
    return found | {name: tuple(tensor.shape) for name, tensor in delta.dense.items()}
