"""The factor fold: its stacks multiplied out are the sums of the fold, and the file is whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file

from orchestrator.aggregation.factors import stack_factors
from orchestrator.aggregation.pipeline import Clock
from orchestrator.errors import LoranchorError, ProtocolError
from orchestrator.types import UpdateId
from tests.unit.aggregation.folders import held, plain, sealed
from tests.unit.aggregation.make import contributions, entries_of, reference
from tests.unit.contribution.make import BASE, make_delta


@pytest.mark.parametrize("budget", [None, 0])
def test_stacks_multiplied_out_are_the_sum(tmp_path: Path, budget: int | None) -> None:
    deltas = contributions(rounds=2)
    entries = entries_of(list(deltas))
    exact = reference(entries, deltas)
    files = []
    for name, make in (("held", held), ("plain", plain), ("sealed", sealed)):
        sources = make(deltas) if make is held else make(deltas, tmp_path / f"{name}-updates")
        clock, path = Clock(), tmp_path / name / "adapter_model.safetensors"
        made = stack_factors(BASE, reversed(entries), sources, path, budget=budget, clock=clock)
        assert clock.seconds.keys() == {"verify", "open", "fold", "sync"}
        stacks = load_file(path)
        for module, rank in made.ranks.items():
            a, b = (stacks[f"base_model.model.{module}.lora_{part}.weight"].double() for part in "AB")
            assert a.shape[0] == b.shape[1] == rank == 2 * (2 + 3 + 4)
            expected = exact[f"{module}.weight"]
            assert float((b @ a - expected).norm() / expected.norm()) <= 1e-6
        assert float((made.dense["score.weight"] - exact["score.weight"]).abs().max()) < 1e-6
        files.append(path.read_bytes())
        assert [item.name for item in path.parent.iterdir()] == [path.name]
    assert files[0] == files[1] == files[2]


def test_a_broken_contribution_leaves_no_file(tmp_path: Path) -> None:
    deltas = contributions(rounds=1)
    sources = sealed(deltas, tmp_path / "updates")
    victim = tmp_path / "updates" / "1-borealis"
    data = bytearray(victim.read_bytes())
    data[100] ^= 1
    with victim.open("r+b") as file:
        file.write(data)
    (tmp_path / "out").mkdir()
    with pytest.raises(LoranchorError, match="tampered"):
        stack_factors(BASE, entries_of(list(deltas)), sources, tmp_path / "out" / "adapter.safetensors")
    assert not list((tmp_path / "out").iterdir())


def test_what_does_not_fit_together_is_refused(tmp_path: Path) -> None:
    deltas = {
        UpdateId("1-aurora"): make_delta(1, shapes={"h.0.q_proj.weight": (300, 24)}),
        UpdateId("1-borealis"): make_delta(1, shapes={"h.0.q_proj.weight": (24, 24)}),
    }
    with pytest.raises(ProtocolError, match="does not fit"):
        stack_factors(BASE, entries_of(list(deltas)), held(deltas), tmp_path / "adapter.safetensors")
