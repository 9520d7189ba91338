"""Anonymous memory of a fold, measured from outside, against the bound that its plan names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from benchmarks.aggregation.contest import Contestant, compete
from benchmarks.aggregation.inputs import dense_delta, entries_of, low_rank_delta
from orchestrator.contribution import AdapterDelta, serialise

FOLD = Contestant("fold", "tests.unit.aggregation.memory_fold", "fold")
SLACK = 24 << 20
"""Stacks of threads, and what allocators keep."""


def measured(
    folder: Path, deltas: list[AdapterDelta], shapes: Mapping[str, tuple[int, ...]], budget: int | None
) -> Any:
    (folder / "updates").mkdir()
    (folder / "base").mkdir()
    for entry, delta in zip(entries_of(len(deltas)), deltas, strict=True):
        (folder / "updates" / entry.update_id).write_bytes(serialise(delta))
    save_file({name: torch.zeros(shape) for name, shape in shapes.items()}, folder / "base" / "model.safetensors")
    spec = {"updates": str(folder / "updates"), "base": str(folder / "base"), "out": str(folder / "out")}
    return compete([FOLD], {**spec, "budget": budget}, 1)["fold"]


def test_a_dense_fold_holds_less_than_two_updates(tmp_path: Path) -> None:
    """Eight updates of 32 MiB: tiles of them, whatever their size."""
    deltas = [dense_delta(place, 8) for place in range(8)]
    found = measured(tmp_path, deltas, {name: tuple(t.shape) for name, t in deltas[0].dense.items()}, None)
    assert found["working_set"][0] < 16 << 20
    assert found["extra_bytes"] <= found["working_set"][0] + SLACK < 2 * (32 << 20)


@pytest.mark.parametrize("budget", [None, 48 << 20])
def test_a_low_rank_fold_stays_within_its_plan(tmp_path: Path, budget: int | None) -> None:
    """24 updates of rank 64 on two matrices of 1024 × 2048: a stack of all is 18 MiB, the sum of one 8 MiB."""
    deltas = [low_rank_delta(place, 2, (1024, 2048), 64) for place in range(24)]
    found = measured(tmp_path, deltas, {"m0.weight": (1024, 2048), "m1.weight": (1024, 2048)}, budget)
    if budget is not None:
        assert found["working_set"][0] <= budget
    assert found["extra_bytes"] <= found["working_set"][0] + SLACK
