"""The sum of many contributions of mixed ranks against float64, in memory and as the engine writes it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from orchestrator.aggregation import WEIGHT_ONE, Accumulator, FoldEntry, Stack
from orchestrator.aggregation.engine import fold_folder
from orchestrator.aggregation.source import HeldSource
from orchestrator.aggregation.stored import StoredBase
from orchestrator.contribution import AdapterDelta, LowRank
from orchestrator.contribution.gram import reach
from orchestrator.types import OrganisationId, UpdateId
from tests.unit.contribution.make import BASE, PARENT

SHAPE = (520, 384)
RANKS = (4, 8, 16, 32)
HEAD = (3, 200)


def many(count: int) -> dict[UpdateId, AdapterDelta]:
    generator = torch.Generator().manual_seed(count)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    found = {}
    for place in range(count):
        rank = RANKS[place % len(RANKS)]
        low = LowRank(random(rank, SHAPE[1]), random(SHAPE[0], rank), 16)
        found[UpdateId(f"{place:03}")] = AdapterDelta(BASE, PARENT, {"m": low}, {"head": random(*HEAD)})
    return found


def entries_of(deltas: dict[UpdateId, AdapterDelta]) -> list[FoldEntry]:
    rest = WEIGHT_ONE - WEIGHT_ONE // len(deltas) * len(deltas)
    return [
        FoldEntry(update, 1, OrganisationId(f"o{update}"), WEIGHT_ONE // len(deltas) + (rest if place == 0 else 0))
        for place, update in enumerate(deltas)
    ]


def exact_sum(entries: list[FoldEntry], deltas: dict[UpdateId, AdapterDelta]) -> dict[str, torch.Tensor]:
    weights = [(entry.weight / WEIGHT_ONE, deltas[entry.update_id]) for entry in entries]
    lows = [(weight * delta.modules["m"].scale, delta.modules["m"]) for weight, delta in weights]
    return {
        "m.weight": torch.stack([factor * (low.b.double() @ low.a.double()) for factor, low in lows]).sum(dim=0),
        "head": torch.stack([weight * delta.dense["head"].double() for weight, delta in weights]).sum(dim=0),
    }


@pytest.mark.parametrize("count", [8, 64, 256])
def test_relative_error_of_the_sum_is_at_most_a_millionth(tmp_path: Path, count: int) -> None:
    """The engine adds to a base of zeros here, so that what it writes is the sum before any base."""
    deltas = many(count)
    entries, exact = entries_of(deltas), exact_sum(entries_of(deltas), deltas)
    adding = Accumulator(Stack(), BASE, lambda name: torch.zeros(exact[name].shape), torch.device("cpu"))
    adding.run(entries, deltas.__getitem__)

    (tmp_path / "base").mkdir()
    save_file({name: torch.zeros(tensor.shape) for name, tensor in exact.items()}, tmp_path / "base/model.safetensors")
    sources = {update: HeldSource(delta) for update, delta in deltas.items()}
    fold_folder(StoredBase(tmp_path / "base", BASE), entries, sources, tmp_path / "out")
    written = load_file(tmp_path / "out/model.safetensors")
    for name, tensor in exact.items():
        for found in (adding.sums[name], written[name]):
            assert float((found.double() - tensor).norm() / tensor.norm()) <= 1e-6
        assert torch.equal(adding.sums[name], written[name])


def test_where_updates_undo_each_other_the_error_is_a_share_of_the_terms() -> None:
    """Two halves that cancel to a thousandth: not within 10⁻⁶ of what is left, but of what was added."""
    made = many(4)
    opposite = {
        UpdateId(f"9{update}"): AdapterDelta(
            BASE, PARENT, {"m": LowRank(delta.modules["m"].a, delta.modules["m"].b * -1.001, 16)}, {}
        )
        for update, delta in made.items()
    }
    deltas = {update: AdapterDelta(BASE, PARENT, delta.modules, {}) for update, delta in made.items()} | opposite
    entries = entries_of(deltas)
    exact = sum(
        entry.weight / WEIGHT_ONE * low.scale * (low.b.double() @ low.a.double())
        for entry, low in ((entry, deltas[entry.update_id].modules["m"]) for entry in entries)
    )
    adding = Accumulator(Stack(), BASE, lambda name: torch.zeros(SHAPE), torch.device("cpu"))
    adding.run(entries, deltas.__getitem__)
    error = float((adding.sums["m.weight"].double() - exact).norm())
    terms = sum(entry.weight / WEIGHT_ONE * reach(deltas[entry.update_id].modules["m"])[0] for entry in entries)
    assert error <= 1e-6 * terms
    assert error > 1e-6 * float(exact.norm())
