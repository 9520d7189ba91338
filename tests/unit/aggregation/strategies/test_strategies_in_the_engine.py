"""Every strategy gives the same bits from memory and from files, and after an update left and came back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from orchestrator.aggregation import (
    DeltaSource,
    FoldedModel,
    MappedFile,
    Starting,
    Strategy,
    Tally,
    strategies,
    strategy_named,
    sum_changes,
)
from orchestrator.contribution import AdapterDelta, Start, agreed_a, serialise
from orchestrator.types import UpdateId
from tests.unit.aggregation.make import NAMES, Little, entries_of
from tests.unit.aggregation.strategies.averaged import MODULES, RANK, delta_of, ground_of
from tests.unit.contribution.make import BASE

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "ffa": [{"rule": "mean"}, {"rule": "median"}, {"rule": "trimmed-mean", "trim": 1}],
    "flexlora": [{"rank": 3}],
}
CASES = [(name, settings) for name in strategies() for settings in SETTINGS.get(name, [{}])]


def contributions(strategy: Strategy, rounds: int = 3) -> dict[UpdateId, AdapterDelta]:
    made: dict[UpdateId, AdapterDelta] = {}
    for number in range(1, rounds + 1):
        own = Start({name: agreed_a(number, name, RANK, inputs) for name, (_, inputs) in MODULES.items()})
        alike = strategy.start(ground_of(entries_of(list(made)), made)) if isinstance(strategy, Starting) else own
        made |= {UpdateId(f"{number}-{name}"): delta_of(9 * number + place, alike) for place, name in enumerate(NAMES)}
    return made


def weights_of(folded: FoldedModel) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in folded.model.named_parameters()}


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_the_same_bits_from_memory_and_from_files(name: str, settings: dict[str, Any], tmp_path: Path) -> None:
    strategy = strategy_named(name, **settings)
    deltas = contributions(strategy)
    entries = entries_of(list(deltas))
    folded = FoldedModel(Little(), BASE, strategy)
    folded.move(entries, deltas.__getitem__)
    sources = {}
    for update, delta in deltas.items():
        (tmp_path / update).write_bytes(serialise(delta))
        sources[update] = DeltaSource(MappedFile(tmp_path / update))
    tally = Tally()
    sums = sum_changes(BASE, entries[::-1], sources, strategy=strategy, threads=2, tally=tally)
    before, after = dict(Little().named_parameters()), weights_of(folded)
    assert sums.keys() == {"h.0.q_proj.weight", "h.0.v_proj.weight", "score.weight"}
    for parameter, total in sums.items():
        assert torch.equal(before[parameter] + total, after[parameter]), parameter
    assert tally.figures == pytest.approx(folded.tally.figures)
    for source in sources.values():
        source.close()


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_an_update_that_left_and_came_back_changes_no_bit(name: str, settings: dict[str, Any]) -> None:
    strategy = strategy_named(name, **settings)
    deltas = contributions(strategy)
    entries, part = entries_of(list(deltas)), entries_of([update for update in deltas if update != "2-borealis"])
    folded, fresh = FoldedModel(Little(), BASE, strategy), FoldedModel(Little(), BASE, strategy)
    folded.move(entries, deltas.__getitem__)
    whole = weights_of(folded)
    folded.move(part, deltas.__getitem__)
    fresh.move(part, deltas.__getitem__)
    without = weights_of(folded)
    assert all(torch.equal(without[key], tensor) for key, tensor in weights_of(fresh).items())
    assert not torch.equal(without["h.0.q_proj.weight"], whole["h.0.q_proj.weight"])
    folded.move(entries, deltas.__getitem__)
    assert all(torch.equal(whole[key], tensor) for key, tensor in weights_of(folded).items())
