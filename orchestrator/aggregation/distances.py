"""Inner products of all pairs of updates at once, in float64 and without a dense ΔW.

For one module the stacks A (K × inputs) and S = [s₁B₁ …] (outputs × K) hold every pair: ⟨ΔWᵢ, ΔWⱼ⟩ is the sum of block
(i, j) of (A·Aᵀ) ∘ (Sᵀ·S), so two products of K × K take the place of N² small ones. Dense parameters are read tile by
tile across all updates. :mod:`orchestrator.contribution.gram` gives the same numbers for a single pair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from orchestrator.aggregation.tiles import Workers
from orchestrator.aggregation.truncation import gram_of_rows
from orchestrator.contribution import AdapterDelta

RUN = 1024
"""Numbers of a dense parameter whose products are summed in fp32: an error of 1e-8 of the norms."""
TILE_NUMBERS = 1 << 18
"""Numbers of a dense parameter that are in work at once, all updates together."""


def gram_matrix(updates: Sequence[AdapterDelta], *, threads: int | None = None) -> Tensor:
    """(N, N) float64: the inner products of all ΔW; the norms² on its diagonal.

    Args:
        updates: checked ones, whose shapes agree. threads: None for as many as torch was told to use.
    """
    modules = sorted({name for delta in updates for name in delta.modules})
    dense = sorted({name for delta in updates for name in delta.dense})
    count = len(updates)
    tasks: list[Callable[[], Tensor]] = [partial(_module_part, updates, name) for name in modules]
    for name in dense:
        flats = [delta.dense[name].reshape(-1) if name in delta.dense else None for delta in updates]
        numbers = next(flat.numel() for flat in flats if flat is not None)
        tasks += [partial(_dense_part, flats, start, end) for start, end in _tiles(numbers, count)]
    total = torch.zeros((count, count), dtype=torch.float64)
    with Workers(threads) as workers:
        for part in workers.ordered(tasks):
            total += part
    return total


def squared_distances(gram: Tensor) -> Tensor:
    """(N, N): ‖ΔWᵢ − ΔWⱼ‖², never negative, 0 on the diagonal."""
    norms = gram.diagonal()
    found = (norms[:, None] + norms[None, :] - 2 * gram).clamp_(min=0)
    return found.fill_diagonal_(0)


def cosines(gram: Tensor) -> Tensor:
    """(N, N): cosines of the angles between ΔW; 0 where one of them is zero."""
    lengths = gram.diagonal().clamp(min=0).sqrt()
    size = lengths[:, None] * lengths[None, :]
    return torch.where(size > 0, gram / size.clamp(min=torch.finfo(torch.float64).tiny), torch.zeros_like(gram))


def _module_part(updates: Sequence[AdapterDelta], name: str) -> Tensor:
    having = [place for place, delta in enumerate(updates) if name in delta.modules]
    lows = [updates[place].modules[name] for place in having]
    owner = torch.repeat_interleave(torch.tensor(having), torch.tensor([low.rank for low in lows]))
    scales = torch.tensor([low.scale for low in lows], dtype=torch.float64)[
        torch.searchsorted(torch.tensor(having), owner)
    ]
    outer = gram_of_rows([low.a for low in lows])
    inner = gram_of_rows([low.b.T for low in lows]) * scales[:, None] * scales[None, :]
    return _block_sums(outer.mul_(inner), owner, len(updates))


def _block_sums(values: Tensor, owner: Tensor, count: int) -> Tensor:
    by_row = torch.zeros((count, values.shape[1]), dtype=torch.float64).index_add_(0, owner, values)
    return torch.zeros((count, count), dtype=torch.float64).index_add_(1, owner, by_row)


def _dense_part(flats: Sequence[Tensor | None], start: int, end: int) -> Tensor:
    """Inner products over one tile: fp32 within runs of :data:`RUN` numbers, float64 over the runs."""
    count, runs = len(flats), -(-(end - start) // RUN)
    tile = torch.zeros((count, runs * RUN))
    for place, flat in enumerate(flats):
        if flat is not None:
            tile[place, : end - start].copy_(flat[start:end])
    by_run = tile.view(count, runs, RUN).transpose(0, 1)
    return torch.bmm(by_run, by_run.transpose(1, 2)).sum(dim=0, dtype=torch.float64)


def _tiles(numbers: int, count: int) -> list[tuple[int, int]]:
    """Tiles of a dense parameter: what all updates hold of one fits into a core's cache."""
    size = max(TILE_NUMBERS // count // RUN, 4) * RUN
    return [(start, min(start + size, numbers)) for start in range(0, numbers, size)]
