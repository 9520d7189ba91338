"""LoRAnchor's contestants; each function sets up, and returns what is timed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch

from benchmarks.aggregation.inputs import BASE, entries_of, low_rank_delta
from orchestrator.aggregation import Block, FoldEntry, strategy_named
from orchestrator.aggregation.distances import gram_matrix, squared_distances
from orchestrator.aggregation.filters.krum import nearest
from orchestrator.aggregation.source import DeltaSource, MappedFile, Source
from orchestrator.aggregation.sums import sum_changes
from orchestrator.aggregation.tiles import Workers
from orchestrator.contribution import Limits
from orchestrator.ledger.weights import shares
from orchestrator.types import Digest, UpdateId

Spec = Mapping[str, Any]
Run = Callable[[], Any]
LIMITS = Limits(max_bytes=1 << 34)


def bandwidth(spec: Spec) -> Run:
    """Reading memory with all cores: a sum over a buffer that no cache holds."""
    buffer = torch.ones(spec["bytes"] // 4)

    def run() -> dict[str, Any]:
        return {"check": float(buffer.sum()), "bytes": spec["bytes"]}

    return run


def _mapped(files: list[str]) -> dict[UpdateId, Source]:
    return {UpdateId(f"{place:04}"): DeltaSource(MappedFile(Path(path)), LIMITS) for place, path in enumerate(files)}


@cache
def _digest(path: str) -> Digest:
    with Path(path).open("rb") as file:
        return Digest("0x" + hashlib.file_digest(file, "sha256").hexdigest())


def dense_mean(spec: Spec) -> Run:
    """The weighted mean of dense updates in mapped files, in one pass.

    They are verified before the clock starts, as the fold has it: the peers too have their data in memory by then. The
    sums go where those of the turn before lie, and that memory is told. With ``new`` they get new memory each time;
    with ``fresh`` the files are mapped anew as well, and not verified.
    """
    count, fresh = len(spec["files"]), bool(spec.get("fresh"))
    held = {} if fresh else _mapped(spec["files"])
    for source in held.values():
        source.verify()
    kept: dict[str, torch.Tensor] = {}

    def run() -> Run:
        reused = sum(tensor.numel() * tensor.element_size() for tensor in kept.values())
        sources = held or _mapped(spec["files"])
        sums = sum_changes(BASE, entries_of(count), sources, verify=False, into=kept)
        if not (fresh or spec.get("new")):
            kept.update(sums)
        return lambda: {"check": _check(sums), "kept_bytes": reused}

    return run


def multi_krum(spec: Spec) -> Run:
    """Distances by one Gram matrix, then the mean of those that are kept."""
    count, hostile, keep = len(spec["files"]), spec["hostile"], spec["keep"]
    sources = _mapped(spec["files"])
    for source in sources.values():
        source.verify()

    def run() -> Run:
        gram = gram_matrix([source.whole() for source in sources.values()])
        kept = nearest(squared_distances(gram), hostile, keep)
        entries = [entries_of(count)[place] for place in kept]
        samples = [spec["samples"][place] for place in kept]
        weighted = [
            FoldEntry(entry.update_id, 1, entry.organisation, weight)
            for entry, weight in zip(entries, shares(samples), strict=True)
        ]
        sums = sum_changes(BASE, weighted, sources, verify=False)
        return lambda: {"check": _check(sums), "kept": kept}

    return run


def truncation(spec: Spec) -> Run:
    """The stacks of one module of mixed ranks, cut to one rank by QR and a small decomposition."""
    blocks = _blocks(spec)
    strategy = strategy_named("flexlora", rank=spec["rank"])

    def run() -> Run:
        with Workers(1):  # as in a fold: one thread a module
            product = strategy.combine("m0", blocks)
        return lambda: {"error": _error(blocks, product.left, product.right)}

    return run


def _blocks(spec: Spec) -> list[Block]:
    shape = (spec["side"], spec["side"])
    ranks = [spec["ranks"][place % len(spec["ranks"])] for place in range(spec["updates"])]
    return [
        Block.of(entry, low_rank_delta(place, 1, shape, rank).modules["m0"])
        for place, (entry, rank) in enumerate(zip(entries_of(spec["updates"]), ranks, strict=True))
    ]


def _error(blocks: list[Block], left: torch.Tensor, right: torch.Tensor) -> float:
    exact = sum(block.factor * (block.outline.b.double() @ block.outline.a.double()) for block in blocks)
    assert isinstance(exact, torch.Tensor)
    return float((left.double() @ right.double() - exact).norm() / exact.norm())


def _check(sums: Mapping[str, torch.Tensor]) -> list[float]:
    """Two numbers that tell equal results from others."""
    flat = torch.cat([sums[name].flatten() for name in sorted(sums)]).double()
    return [float(flat.norm()), float((flat * torch.linspace(0, 1, flat.numel(), dtype=torch.float64)).sum())]
