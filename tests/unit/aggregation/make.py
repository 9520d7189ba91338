"""A little model and contributions for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from orchestrator.aggregation import WEIGHT_ONE, FoldEntry
from orchestrator.contribution import AdapterDelta
from orchestrator.types import OrganisationId, UpdateId
from tests.unit.contribution.make import dense_form, make_delta

NAMES = ("aurora", "borealis", "cumulus", "dune")


class Block(nn.Module):
    def __init__(self, width: int, tall: int) -> None:
        super().__init__()
        self.q_proj = nn.Linear(width, tall, bias=False)
        self.v_proj = nn.Linear(width, width, bias=False)


class Little(nn.Module):
    """Two adapted matrices, one of them taller than a tile, a head, and a norm that no contribution may touch."""

    def __init__(self, width: int = 24, tall: int = 300) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.h = nn.ModuleList([Block(width, tall)])
        self.score = nn.Linear(width, 2)
        self.norm = nn.LayerNorm(width)
        self.requires_grad_(False)


def shapes_of(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}


def contributions(rounds: int = 2, members: Sequence[str] = NAMES[:3]) -> dict[UpdateId, AdapterDelta]:
    """One a member and round, of mixed ranks, the last member's with a dense head."""
    shapes = {name: shape for name, shape in shapes_of(Little()).items() if "proj" in name or name == "score.weight"}
    made = {}
    for number in range(1, rounds + 1):
        for place, name in enumerate(members):
            made[UpdateId(f"{number}-{name}")] = make_delta(
                10 * number + place, rank=2 + place, dense=place == len(members) - 1, shapes=shapes
            )
    return made


def entries_of(updates: Sequence[UpdateId]) -> list[FoldEntry]:
    """Uniform weights over each round, the remainder to the first, as the ledger gives them."""
    entries = []
    for number in sorted({int(update.split("-")[0]) for update in updates}):
        group = sorted(update for update in updates if int(update.split("-")[0]) == number)
        for place, update in enumerate(group):
            weight = WEIGHT_ONE // len(group) + (WEIGHT_ONE % len(group) if place == 0 else 0)
            entries.append(FoldEntry(update, number, OrganisationId(update.split("-")[1]), weight))
    return entries


def reference(entries: Sequence[FoldEntry], deltas: Mapping[UpdateId, AdapterDelta]) -> dict[str, torch.Tensor]:
    """Σ weight·ΔW in float64 with dense matrices."""
    total: dict[str, torch.Tensor] = {}
    for entry in entries:
        for name, change in dense_form(deltas[entry.update_id]).items():
            total[name] = total.get(name, 0) + entry.weight / WEIGHT_ONE * change
    return total
