"""What an export asks of the engine: stacks of one width with heads in the file, and a smaller type with its loss."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from orchestrator.aggregation import fold_folder, stack_factors
from orchestrator.types import UpdateId
from tests.unit.aggregation.folders import base_folder, held, stored
from tests.unit.aggregation.make import Little, contributions, entries_of, reference
from tests.unit.contribution.make import BASE, make_delta


def load(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for path in folder.glob("*.safetensors"):
        found |= load_file(path)
    return found


def test_stacks_of_one_width_are_the_same_product_and_heads_hold_the_base(tmp_path: Path) -> None:
    deltas = contributions(rounds=1)
    narrow = make_delta(9, rank=2, shapes={"h.0.q_proj.weight": (300, 24)})
    deltas[UpdateId("1-eider")] = narrow
    entries, exact = entries_of(list(deltas)), reference(entries_of(list(deltas)), deltas)
    score, bias = Little().score.weight, Little().score.bias
    heads = {"score.weight": ("head.score.weight", score.data), "score.bias": ("head.score.bias", bias.data)}
    made = stack_factors(BASE, entries, held(deltas), tmp_path / "file", even=True, heads=heads)
    assert made.ranks == {"h.0.q_proj": 11, "h.0.v_proj": 9} and made.width == 11
    found = load_file(tmp_path / "file")
    for module in made.ranks:
        a, b = (found[f"base_model.model.{module}.lora_{part}.weight"].double() for part in "AB")
        assert a.shape[0] == b.shape[1] == 11
        assert float((b @ a - exact[f"{module}.weight"]).norm() / exact[f"{module}.weight"].norm()) < 1e-6
    assert torch.allclose(found["head.score.weight"].double(), score.double() + exact["score.weight"], atol=1e-6)
    assert torch.equal(found["head.score.bias"], bias)


@pytest.mark.parametrize("half", [False, True])
def test_bf16_is_the_fold_rounded_and_says_by_how_much(tmp_path: Path, half: bool) -> None:
    base, deltas = stored(base_folder(tmp_path / "base", half=half)), contributions(rounds=2)
    entries = entries_of(list(deltas))
    whole = fold_folder(base, entries, held(deltas), tmp_path / "whole")
    small = fold_folder(base, entries, held(deltas), tmp_path / "small", dtype=torch.bfloat16)
    assert whole.plan != small.plan and "rounding" not in whole.tally.figures
    exact, rounded = load(tmp_path / "whole"), load(tmp_path / "small")
    assert torch.equal(rounded.pop("positions"), exact.pop("positions"))
    worst = 0.0
    for name, tensor in exact.items():
        assert rounded[name].dtype is torch.bfloat16 and torch.equal(rounded[name], tensor.bfloat16()), name
        worst = max(worst, float((rounded[name].to(tensor.dtype) - tensor).abs().max()))
    assert small.tally.figures["rounding"] == worst > 0
    again = fold_folder(base, entries, held(deltas), tmp_path / "small", dtype=torch.bfloat16)
    assert again.made == 0 and again.tally.figures == small.tally.figures


def test_a_full_disk_is_noticed_before_the_map_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    deltas = contributions(rounds=1)
    with pytest.raises(OSError, match="No space"):
        stack_factors(BASE, entries_of(list(deltas)), held(deltas), tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", [None, torch.bfloat16])
def test_what_the_kernel_refuses_leaves_nothing_half_written(tmp_path: Path, dtype: torch.dtype | None) -> None:
    """The limit on a file's size stands for a disk that is full."""
    base, deltas = stored(base_folder(tmp_path / "base", shards=2)), contributions(rounds=1)
    entries, before = entries_of(list(deltas)), resource.getrlimit(resource.RLIMIT_FSIZE)
    sizes = sorted(path.stat().st_size for path in (tmp_path / "base").glob("*.safetensors"))
    assert sizes[1] > 4 * sizes[0] > 8000
    resource.setrlimit(resource.RLIMIT_FSIZE, (sizes[0] + 600, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            fold_folder(base, entries, held(deltas), tmp_path / "out", dtype=dtype)
        with pytest.raises(OSError, match="File too large"):
            stack_factors(BASE, entries, held(deltas), tmp_path / "file")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "out"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".loranchor-fold.json"]
    assert fold_folder(base, entries, held(deltas), tmp_path / "out", dtype=dtype).made == 2
