"""The shapes of an 8B model on a GPU: time, share of the copy bandwidth, memory of the device."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

from benchmarks.aggregation import Absent
from benchmarks.aggregation.inputs import BASE, PARENT, entries_of
from orchestrator.aggregation.source import HeldSource, Source
from orchestrator.aggregation.sums import sum_changes
from orchestrator.contribution import AdapterDelta, LowRank
from orchestrator.types import UpdateId

Spec = Mapping[str, Any]
LLAMA_3_8B = {
    "q_proj": (4096, 4096),
    "k_proj": (1024, 4096),
    "v_proj": (1024, 4096),
    "o_proj": (4096, 4096),
    "gate_proj": (14336, 4096),
    "up_proj": (14336, 4096),
    "down_proj": (4096, 14336),
}
"""(outputs, inputs) of the linear layers of one of the 32 blocks."""


def s2(spec: Spec) -> Callable[[], Any]:
    """Fold ``updates`` updates of ``layers`` blocks of the model into sums on the device.

    Raises:
        Absent: there is no such device, so nothing is measured.
    """
    device = torch.device(spec["device"])
    if device.type == "cuda" and not torch.cuda.is_available():
        raise Absent("no GPU")
    entries, scale = entries_of(spec["updates"]), spec.get("shrink", 1)
    sources: dict[UpdateId, Source] = {
        entry.update_id: HeldSource(_delta(spec, place, scale)) for place, entry in enumerate(entries)
    }
    size = sum(source.size for source in sources.values())

    def run() -> Callable[[], Any]:
        _reset(device)
        start = time.perf_counter()
        sums = sum_changes(BASE, entries, sources, device=device)
        _wait(device)
        seconds, memory = time.perf_counter() - start, _peak(device)
        numbers = sum(tensor.numel() for tensor in sums.values())
        del sums
        return lambda: {"fold": seconds, "copy": _copy(device, size), "factor_bytes": size, "memory": memory,
                        "numbers": numbers}  # fmt: skip

    return run


def _delta(spec: Spec, place: int, shrink: int) -> AdapterDelta:
    generator, rank = torch.Generator().manual_seed(place), spec["rank"]
    modules = {}
    for layer in range(spec["layers"]):
        for name, (outputs, inputs) in LLAMA_3_8B.items():
            a = torch.randn(rank, inputs // shrink, generator=generator)
            modules[f"{layer}.{name}"] = LowRank(a, torch.randn(outputs // shrink, rank, generator=generator), 16)
    return AdapterDelta(BASE, PARENT, modules)


def _copy(device: torch.device, size: int) -> float:
    """Seconds to bring as many bytes to the device in one piece."""
    data = torch.empty(size, dtype=torch.uint8)
    data = data.pin_memory() if device.type == "cuda" else data
    _wait(device)
    start = time.perf_counter()
    data.to(device, copy=True)
    _wait(device)
    return time.perf_counter() - start


def _reset(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _peak(device: torch.device) -> int:
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
