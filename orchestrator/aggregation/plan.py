"""What a fold into a folder will do: which contributions change which tensor, in which order, in how much memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch

from orchestrator.aggregation.accumulate import FOLD_VERSION, changed, widest
from orchestrator.aggregation.entries import FoldEntry
from orchestrator.aggregation.noise import Noises
from orchestrator.aggregation.source import Source
from orchestrator.aggregation.strategy import WEIGHT_ONE, Strategy, grouped
from orchestrator.aggregation.tiles import TILE_NUMBERS, TILE_ROWS
from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.ledger import canonical
from orchestrator.types import Digest, UpdateId

FLOAT = 4
READ_AHEAD = 2 << 20
"""Bytes that reading one block may need besides the block: two chunks of a sealed payload."""


class Base(Protocol):
    """What a plan must know of a base: :class:`~orchestrator.aggregation.stored.StoredBase`.

    Attributes:
        files: their names, in order.
    """

    @property
    def digest(self) -> Digest: ...
    @property
    def files(self) -> Sequence[str]: ...

    def find(self, parameter: str) -> str | None:
        """The base's own name of a model's parameter."""
        ...

    def shape(self, name: str) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True)
class Part:
    """What one group adds to one tensor.

    Attributes:
        low: its entries with a low-rank block. dense: its entries with a dense part.
    """

    low: tuple[FoldEntry, ...]
    dense: tuple[FoldEntry, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A tensor that the fold changes.

    Attributes:
        name: as stored. parameter: as contributions name it. parts: by group, in order.
        stacks: bytes of each part's stacked factors. at_once: whether all stacks are held together, and each tile of
            the result made in one go; else the sum is held, and stacks pass one after the other. The bits are the same.
        noisy: whether noise of hardenings is added.
    """

    name: str
    parameter: str
    shape: tuple[int, ...]
    parts: tuple[Part, ...]
    stacks: tuple[int, ...]
    at_once: bool = True
    noisy: bool = False

    @property
    def module(self) -> str:
        return self.parameter.removesuffix(".weight")

    @property
    def numbers(self) -> int:
        return torch.Size(self.shape).numel()

    @property
    def row(self) -> int:
        """Numbers in a row."""
        return self.numbers // self.shape[0]

    @property
    def has_low_rank(self) -> bool:
        return any(part.low for part in self.parts)

    def need(self, at_once: bool, loaded: int, threads: int) -> int:
        """Bytes of anonymous memory, with so many stacks loaded: those in use and those that are read meanwhile."""
        rows = min(TILE_ROWS, self.shape[0])
        tile = FLOAT * (rows * self.row if self.has_low_rank else min(TILE_NUMBERS, self.numbers))
        noise = threads * FLOAT * min(TILE_NUMBERS, self.numbers) if self.noisy else 0
        tiles = (threads + 3) * tile + noise
        if not self.has_low_rank:
            return tiles
        stacks, total = (sum(self.stacks), 0) if at_once else (max(self.stacks), FLOAT * self.numbers)
        return tiles + total + loaded * stacks + READ_AHEAD


@dataclass(frozen=True, slots=True)
class Plan:
    """See the module.

    Attributes:
        targets: by stored name. budget: bytes. working_set: what the largest tensor needs, at most the budget where
            that is possible. prefetch: of how many tensors stacks are read, and combined, ahead.
    """

    entries: tuple[FoldEntry, ...]
    strategy: Strategy
    targets: Mapping[str, Target]
    budget: int
    working_set: int
    prefetch: int
    about: Mapping[str, Any]

    @property
    def digest(self) -> Digest:
        """Of all that the bits of the fold depend on."""
        return canonical.digest(dict(self.about))


def make_plan(
    base: Base,
    entries: Sequence[FoldEntry],
    sources: Mapping[UpdateId, Source],
    strategy: Strategy,
    *,
    device: torch.device,
    threads: int,
    budget: int | None = None,
    noises: Noises | None = None,
) -> Plan:
    """Plan a fold; reads headers only.

    Args:
        entries: in the manifest's order. budget: bytes of anonymous memory; None for twice the largest contribution,
            or what is needed if that is more.
        noises: what is added to the sums, on tensors that no contribution changes, too.

    Raises:
        ProtocolError: a contribution is for another base, names an unknown tensor or does not fit.
        ConfigurationError: a budget was given and is too small.
    """
    outlines = {entry.update_id: _outline(entry, sources[entry.update_id], base.digest) for entry in entries}
    noises = noises or Noises()
    targets = _noisy(base, _targets(base, entries, outlines, strategy), noises)
    least = _least(targets, 1, threads)
    if budget is not None and budget < least:
        raise ConfigurationError(
            f"this fold needs {least >> 20} MiB, the budget is {budget >> 20} MiB", mend="raise the budget"
        )
    twice = 2 * max((sources[entry.update_id].size for entry in entries), default=0)
    limit = max(budget or twice, least)
    ahead = next(count for count in (threads, 1, 0) if count == 0 or _least(targets, count + 1, threads) <= limit)
    chosen = {name: _choose(target, ahead + 1, threads, limit) for name, target in targets.items()}
    working = max((target.need(target.at_once, ahead + 1, threads) for target in chosen.values()), default=0)
    about = _about(base, entries, strategy, device)
    if noises.entries:
        about["hardenings"] = [[entry.digest, entry.seed] for entry in noises.entries]
    return Plan(tuple(entries), strategy, chosen, limit, working, ahead, about)


def _least(targets: Mapping[str, Target], loaded: int, threads: int) -> int:
    ways = (True, False)
    return max((min(target.need(way, loaded, threads) for way in ways) for target in targets.values()), default=0)


def _choose(target: Target, loaded: int, threads: int, limit: int) -> Target:
    at_once = target.need(True, loaded, threads) <= limit
    return replace(target, at_once=at_once)


def _outline(entry: FoldEntry, source: Source, base: Digest) -> AdapterDelta:
    outline = source.outline()
    if outline.base != base:
        raise ProtocolError(f"contribution {entry.update_id} was made for another base, {outline.base}")
    return outline


def _targets(
    base: Base, entries: Sequence[FoldEntry], outlines: Mapping[UpdateId, AdapterDelta], strategy: Strategy
) -> dict[str, Target]:
    shapes: dict[str, tuple[int, ...]] = {}
    for entry in entries:
        for parameter, shape in changed(outlines[entry.update_id]).items():
            if shapes.setdefault(parameter, shape) != shape:
                raise ProtocolError(f"contribution {entry.update_id} does not fit {parameter}")
    widths = {update: widest(outline) for update, outline in outlines.items()}
    groups = grouped(strategy, entries, widths)
    targets: dict[str, Target] = {}
    for parameter, shape in sorted(shapes.items()):
        name = base.find(parameter)
        if name is None or name in targets:
            raise ProtocolError(f"a contribution changes {parameter}, which the model does not have")
        if base.shape(name) != shape:
            raise ProtocolError(f"contributions change {parameter} as {shape}, the model has {base.shape(name)}")
        targets[name] = _target(name, parameter, shape, groups, outlines)
    return targets


def _noisy(base: Base, targets: Mapping[str, Target], noises: Noises) -> dict[str, Target]:
    """The targets, with those that only noise changes, and marked where there is some."""
    found = dict(targets)
    for parameter in sorted(noises.by_parameter):
        name = base.find(parameter)
        if name is None:
            raise ProtocolError(f"a hardening changes {parameter}, which the model does not have")
        bare = Target(name, parameter, base.shape(name), (), ())
        found[name] = replace(found.get(name, bare), noisy=True)
    return found


def _target(
    name: str,
    parameter: str,
    shape: tuple[int, ...],
    groups: Sequence[tuple[FoldEntry, ...]],
    outlines: Mapping[UpdateId, AdapterDelta],
) -> Target:
    module = parameter.removesuffix(".weight") if parameter.endswith(".weight") else None
    parts, stacks = [], []
    for group in groups:
        low = tuple(entry for entry in group if module in outlines[entry.update_id].modules)
        dense = tuple(entry for entry in group if parameter in outlines[entry.update_id].dense)
        if low or dense:
            parts.append(Part(low, dense))
            columns = sum(outlines[entry.update_id].modules[str(module)].rank for entry in low)
            stacks.append(FLOAT * columns * (shape[0] + shape[1]) if low else 0)
    return Target(name, parameter, shape, tuple(parts), tuple(stacks))


def _about(base: Base, entries: Sequence[FoldEntry], strategy: Strategy, device: torch.device) -> dict[str, Any]:
    rows = [[entry.round, entry.organisation, entry.update_id, entry.weight] for entry in entries]
    return {
        "fold_version": FOLD_VERSION,
        "strategy": {"name": strategy.name, "version": strategy.version, "settings": dict(strategy.settings)},
        "base": base.digest,
        "files": list(base.files),
        "weight_one": str(WEIGHT_ONE),
        "entries": canonical.digest(rows),
        "count": len(rows),
        "device": device.type,
        "torch": torch.__version__,
    }
