"""Deltas of the shapes that are measured, written once for all contestants. Random numbers: only shapes matter."""

from __future__ import annotations

from pathlib import Path

import torch

from orchestrator.aggregation import FoldEntry
from orchestrator.contribution import AdapterDelta, LowRank, serialise
from orchestrator.ledger.weights import shares
from orchestrator.types import Digest, OrganisationId, UpdateId

BASE = Digest("0x" + "ba" * 32)
PARENT = Digest("0x" + "0d" * 32)
LAYER = (1024, 1024)
SAMPLES = (120, 80, 200, 150)
"""Training samples of the members, in turn: their weights in a mean."""


def samples_of(count: int) -> list[int]:
    return [SAMPLES[place % len(SAMPLES)] for place in range(count)]


def entries_of(count: int) -> list[FoldEntry]:
    """One round, weights by samples."""
    return [
        FoldEntry(UpdateId(f"{place:04}"), 1, OrganisationId(f"o{place}"), weight)
        for place, weight in enumerate(shares(samples_of(count)))
    ]


def low_rank_delta(place: int, modules: int, shape: tuple[int, int], rank: int) -> AdapterDelta:
    generator = torch.Generator().manual_seed(place)

    def random(*size: int) -> torch.Tensor:
        return torch.randn(*size, generator=generator)

    made = {f"m{number}": LowRank(random(rank, shape[1]), random(shape[0], rank), 16) for number in range(modules)}
    return AdapterDelta(BASE, PARENT, made)


def dense_delta(place: int, layers: int) -> AdapterDelta:
    generator = torch.Generator().manual_seed(place)
    made = {f"layer{number}": torch.randn(*LAYER, generator=generator) for number in range(layers)}
    return AdapterDelta(BASE, PARENT, {}, made)


def write_dense(folder: Path, updates: int, layers: int) -> list[str]:
    """Files of dense updates, each ``layers`` MiB · 4."""
    paths = []
    for place in range(updates):
        path = folder / f"{place:04}.safetensors"
        path.write_bytes(serialise(dense_delta(place, layers)))
        paths.append(str(path))
    return paths
