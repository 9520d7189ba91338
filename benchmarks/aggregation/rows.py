"""What is measured: each row's contestants and sizes, and how its cell runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from benchmarks.aggregation.contest import OWN, PEERS, Contestant, compete
from benchmarks.aggregation.inputs import samples_of, write_dense
from benchmarks.harness import Configuration, Figures
from tools.setup.paths import ROOT

SEALED, SCALING, GPU = (f"benchmarks.aggregation.own_{name}" for name in ("sealed", "scaling", "gpu"))
US = "loranchor"
BANDWIDTH = Contestant("bandwidth", OWN, "bandwidth", {"bytes": 3 << 29})
LAYER_BYTES = 4 << 20
"""Of a dense update's layer: 1024² numbers."""

MEAN = (
    Contestant(US, OWN, "dense_mean"),
    Contestant(f"{US}, new memory", OWN, "dense_mean", {"new": True}),
    Contestant(f"{US}, new memory, mapping included", OWN, "dense_mean", {"fresh": True}),
    Contestant("flwr aggregate", PEERS, "flwr_aggregate"),
    Contestant("flwr aggregate_arrayrecords", PEERS, "flwr_arrayrecords"),
    Contestant("nvflare WeightedAggregationHelper, numpy", PEERS, "nvflare_numpy"),
    Contestant("nvflare WeightedAggregationHelper, torch", PEERS, "nvflare_torch"),
)
KRUM = (Contestant(US, OWN, "multi_krum"), Contestant("flwr aggregate_krum", PEERS, "flwr_krum"))
TRUNCATION = (
    Contestant(US, OWN, "truncation"),
    Contestant("peft svd", PEERS, "peft_svd", {"full": True}),
    Contestant("peft svd, thin", PEERS, "peft_svd", {"full": False}),
    Contestant("chorus-fl FedExLoRA", PEERS, "chorus_fedex"),
)
STAGES = (
    Contestant("stages alone", SEALED, "stages"),
    Contestant("factor fold", SEALED, "factor_fold"),
    Contestant("dense fold", SEALED, "dense_fold"),
)
LINEAR = ("dense mean", "stack", "ffa")
"""Methods whose time must grow linearly."""


def cells(full: bool) -> Iterator[Configuration]:
    turns = 9 if full else 5
    for updates in (8, 32, 64) if full else (8, 32):
        yield {"row": "dense mean", "updates": updates, "layers": 8, "turns": turns}
    yield {"row": "multi-krum", "updates": 8, "layers": 8, "turns": turns}
    for side in (2048, 4096) if full else (2048,):
        yield {"row": "truncation", "updates": 8, "side": side, "turns": 3}
    yield {"row": "sealed", "updates": 64, "modules": 16, "side": 4096, "rank": 16, "turns": turns}
    for method in (*LINEAR, "flexlora", "gram"):
        yield {"row": "growth", "method": method, "axis": "updates", "turns": turns}
        yield {"row": "growth", "method": method, "axis": "parameters", "turns": turns}
    yield {"row": "growth", "method": "shapley", "axis": "updates", "turns": turns}
    yield {"row": "gpu", "updates": 64, "layers": 32, "rank": 16, "turns": 3}


def work(cell: Configuration) -> Figures:
    with tempfile.TemporaryDirectory(prefix=f"{os.getpid()}-", dir=_scratch()) as folder:
        return _ROWS[str(cell["row"])](cell, Path(folder))


def _scratch() -> Path:
    """Where the inputs are written; what a run that was killed has left there is removed."""
    place = ROOT / "runs" / "bench" / "aggregation-inputs"
    place.mkdir(parents=True, exist_ok=True)
    for left in place.iterdir():
        if not psutil.pid_exists(int(left.name.split("-")[0])):
            shutil.rmtree(left)
    return place


def _dense(cell: Configuration, folder: Path) -> Figures:
    spec = _dense_spec(cell, folder)
    return compete([BANDWIDTH, *MEAN], spec, cell["turns"])


def _krum(cell: Configuration, folder: Path) -> Figures:
    spec = {**_dense_spec(cell, folder), "hostile": 1, "keep": cell["updates"] - 1}
    return compete([BANDWIDTH, *KRUM], spec, cell["turns"])


def _dense_spec(cell: Configuration, folder: Path) -> dict[str, Any]:
    files = write_dense(folder, cell["updates"], cell["layers"])
    return {"files": files, "samples": samples_of(cell["updates"]), "threads": _threads()}


def _truncation(cell: Configuration, folder: Path) -> Figures:
    sizes = {"updates": cell["updates"], "side": cell["side"], "ranks": [4, 8, 16, 32], "rank": 16}
    return compete(TRUNCATION, {**sizes, "samples": samples_of(cell["updates"]), "threads": _threads()}, cell["turns"])


def _sealed(cell: Configuration, folder: Path) -> Figures:
    return compete(STAGES, {**cell, "folder": str(folder)}, cell["turns"])


def _growth(cell: Configuration, folder: Path) -> Figures:
    spec = {**_growth_sizes(cell["method"], cell["axis"]), "method": cell["method"], "axis": cell["axis"]}
    return compete([Contestant(US, SCALING, "growth")], spec, cell["turns"])


def _growth_sizes(method: str, axis: str) -> Mapping[str, Any]:
    by_updates = axis == "updates"
    if method == "dense mean":  # writing the sum costs as much as reading two updates: many more than two
        return {"sizes": [32, 64, 128, 256], "parts": 4} if by_updates else {"sizes": [8, 16, 32, 64], "updates": 16}
    if method == "shapley":
        return {"sizes": [3, 4, 5, 6, 7, 8], "updates": 4, "parts": 1, "side": 256, "rank": 8}
    if method == "flexlora":
        return {"sizes": [4, 8, 16, 32] if by_updates else [1, 2, 4, 8], "updates": 8, "parts": 2, "side": 1024,
                "rank": 16}  # fmt: skip
    if method == "gram":
        return {"sizes": [16, 32, 64, 128] if by_updates else [2, 4, 8, 16], "updates": 32, "parts": 2, "side": 1024,
                "rank": 16}  # fmt: skip
    if method == "ffa":  # its one product costs the same for any number of updates: here reading them costs more
        if by_updates:
            return {"sizes": [128, 256, 512, 1024], "parts": 2, "side": 1024, "rank": 64}
        return {"sizes": [8, 16, 32, 64], "updates": 64, "side": 1024, "rank": 16}
    return {"sizes": [16, 32, 64, 128] if by_updates else [8, 16, 32, 64], "updates": 32, "parts": 8, "side": 1024,
            "rank": 16}  # fmt: skip


def _gpu(cell: Configuration, folder: Path) -> Figures:
    return compete([Contestant(US, GPU, "s2")], {**cell, "device": "cuda"}, cell["turns"])


def _threads() -> int:
    import torch

    return torch.get_num_threads()


_ROWS: dict[str, Callable[[Configuration, Path], Figures]] = {
    "dense mean": _dense,
    "multi-krum": _krum,
    "truncation": _truncation,
    "sealed": _sealed,
    "growth": _growth,
    "gpu": _gpu,
}
