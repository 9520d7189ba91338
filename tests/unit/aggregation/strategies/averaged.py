"""Contributions whose factors may be averaged, and what a member begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from orchestrator.aggregation import Block, FoldEntry, Ground, Starting
from orchestrator.contribution import AdapterDelta, Frozen, LowRank, Start, agreed_a, to_grid
from orchestrator.types import OrganisationId, UpdateId
from tests.unit.aggregation.make import NAMES, entries_of
from tests.unit.contribution.make import BASE, PARENT

MODULES = {"h.0.q_proj": (300, 24), "h.0.v_proj": (24, 24)}
RANK = 4
BITS = 16
SEED = 7


def random(seed: int, *shape: int, size: float = 0.05) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * size


def delta_of(seed: int, start: Start) -> AdapterDelta:
    """A change that somebody trained from a start."""
    bits = BITS if start.fraction_bits is None else start.fraction_bits
    frozen = start.frozen.factor if start.frozen else ""
    modules = {}
    for place, (name, (outputs, inputs)) in enumerate(sorted(MODULES.items())):
        number = 100 * seed + place
        a, b = start.a[name], start.b.get(name, torch.zeros(outputs, RANK))
        a = a if frozen == "a" else to_grid(name, a + random(2 * number, RANK, inputs), bits)
        b = b if frozen == "b" else to_grid(name, b + random(2 * number + 1, outputs, RANK), bits)
        modules[name] = LowRank(a, b, 16)
    return AdapterDelta(BASE, PARENT, modules, {"score.weight": to_grid("s", random(seed, 2, 24), bits)}, start.frozen)


def frozen_start(seed: int = SEED) -> Start:
    made = {name: agreed_a(seed, name, RANK, inputs) for name, (_, inputs) in MODULES.items()}
    return Start(made, frozen=Frozen("a", seed), fraction_bits=BITS)


def ffa_contributions(rounds: int = 2, members: Sequence[str] = NAMES) -> dict[UpdateId, AdapterDelta]:
    return {
        UpdateId(f"{number}-{name}"): delta_of(10 * number + place, frozen_start())
        for number in range(1, rounds + 1)
        for place, name in enumerate(members)
    }


def played(strategy: Starting, rounds: int = 2) -> dict[UpdateId, AdapterDelta]:
    """Rounds of everybody, each trained from what the strategy makes of those before."""
    made: dict[UpdateId, AdapterDelta] = {}
    for number in range(1, rounds + 1):
        start = strategy.start(ground_of(entries_of(list(made)), made))
        made |= {UpdateId(f"{number}-{name}"): delta_of(9 * number + place, start) for place, name in enumerate(NAMES)}
    return made


def ground_of(entries: Sequence[FoldEntry] = (), deltas: Mapping[UpdateId, AdapterDelta] | None = None) -> Ground:
    return Ground(SEED, RANK, MODULES, tuple(entries), (deltas or {}).__getitem__)


def blocks_of(lows: Sequence[LowRank], weights: Sequence[int] | None = None) -> list[Block]:
    weights = weights or [(1 << 32) // len(lows)] * len(lows)
    return [
        Block.of(FoldEntry(UpdateId(str(place)), 1, OrganisationId(f"o{place}"), weight), low)
        for place, (low, weight) in enumerate(zip(lows, weights, strict=True))
    ]


def dense_sum(lows: Sequence[LowRank], weights: Sequence[int] | None = None) -> torch.Tensor:
    """Σ weight·scale·B·A in float64."""
    return torch.stack(
        [block.factor * (block.outline.b.double() @ block.outline.a.double()) for block in blocks_of(lows, weights)]
    ).sum(dim=0)
