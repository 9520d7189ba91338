"""What subsets are worth, against folds that really hold only these; and scores by leaving one out."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch

from orchestrator.aggregation import FoldedModel, FoldEntry
from orchestrator.aggregation.scores import SubsetValues, leave_one_out
from orchestrator.contribution import AdapterDelta
from orchestrator.models.base import state_digest
from orchestrator.types import UpdateId
from tests.unit.aggregation.make import Little, contributions, entries_of
from tests.unit.contribution.make import BASE

MILLION = 1_000_000


def measure_of(model: Little) -> int:
    return round(float(model.h[0].v_proj.weight.abs().mean()) * MILLION)


def world() -> tuple[FoldedModel, list[FoldEntry], dict[UpdateId, AdapterDelta]]:
    """A model at the fold of round 1, and the entries of round 2 as players."""
    deltas = contributions()
    entries = entries_of(list(deltas))
    folded = FoldedModel(Little(), BASE)
    folded.move([entry for entry in entries if entry.round == 1], deltas.__getitem__)
    return folded, [entry for entry in entries if entry.round == 2], deltas


def values_of(folded: FoldedModel, players: list[FoldEntry], deltas: dict[UpdateId, AdapterDelta]) -> SubsetValues:
    return SubsetValues(
        folded, [(entry, deltas[entry.update_id]) for entry in players], lambda: measure_of(folded.model)
    )


def test_each_subset_is_worth_what_its_fold_is() -> None:
    folded, players, deltas = world()
    values, before = values_of(folded, players, deltas), folded.entries
    for size in range(len(players) + 1):
        for chosen in combinations(players, size):
            other = FoldedModel(Little(), BASE)
            other.move([*before, *chosen], deltas.__getitem__)
            assert values([entry.update_id for entry in chosen]) == pytest.approx(measure_of(other.model), abs=1)


def test_the_model_stays_as_it_was_and_nothing_is_measured_twice() -> None:
    folded, players, deltas = world()
    values, bits = values_of(folded, players, deltas), state_digest(folded.model)
    first, second, _ = values.players
    assert values((first, second)) == values([second, first]) and values.measurements == 1
    assert state_digest(folded.model) == bits


def test_alone_is_a_round_of_this_update_only() -> None:
    folded, players, deltas = world()
    values = values_of(folded, players, deltas)
    only = players[1]
    other = FoldedModel(Little(), BASE)
    other.move([*folded.entries, *entries_of([only.update_id])], deltas.__getitem__)
    assert values.alone(only.update_id) == pytest.approx(measure_of(other.model) - values(()), abs=2)


def test_leaving_out_keeps_the_others_weights() -> None:
    folded, players, deltas = world()
    values = values_of(folded, players, deltas)
    scores = leave_one_out(values.players, values)
    for leaving in players:
        other = FoldedModel(Little(), BASE)
        other.move([*folded.entries, *(entry for entry in players if entry != leaving)], deltas.__getitem__)
        assert scores[leaving.update_id] == pytest.approx(values(values.players) - measure_of(other.model), abs=2)
    assert values.measurements == len(players) + 1 and any(scores.values())
    assert leave_one_out([], values) == {}


def test_a_measurement_that_fails_leaves_the_model_alone() -> None:
    folded, players, deltas = world()
    before = state_digest(folded.model)

    def full() -> int:
        raise torch.OutOfMemoryError("full")

    values = SubsetValues(folded, [(players[0], deltas[players[0].update_id])], full)
    with pytest.raises(torch.OutOfMemoryError):
        values(values.players)
    assert state_digest(folded.model) == before
