"""Scores by leaving one update out, against folds that really lack it."""

from __future__ import annotations

import pytest
import torch

from orchestrator.aggregation import WEIGHT_ONE, FoldedModel, leave_one_out
from orchestrator.aggregation.leave_one_out import rescaled
from orchestrator.errors import ProtocolError
from orchestrator.models.base import state_digest
from orchestrator.types import UpdateId
from tests.unit.aggregation.make import Little, contributions, entries_of
from tests.unit.contribution.make import BASE

MILLION = 1_000_000


def measure_of(model: Little) -> int:
    return round(float(model.h[0].v_proj.weight.abs().mean()) * MILLION)


def test_scores_are_those_of_real_folds() -> None:
    deltas = contributions()
    entries = entries_of(list(deltas))
    latest = [entry for entry in entries if entry.round == 2]
    folded = FoldedModel(Little(), BASE)
    folded.move(entries, deltas.__getitem__)
    before, with_all = state_digest(folded.model), measure_of(folded.model)
    scores = leave_one_out(folded, latest, deltas.__getitem__, lambda: measure_of(folded.model), higher_is_better=False)
    assert state_digest(folded.model) == before
    for entry in latest:
        other = FoldedModel(Little(), BASE)
        other.move(entries_of([update for update in deltas if update != entry.update_id]), deltas.__getitem__)
        assert scores[entry.update_id] == pytest.approx(measure_of(other.model) - with_all, abs=3)


def test_sign_follows_the_metric() -> None:
    deltas = contributions(rounds=1)
    entries = entries_of(list(deltas))
    folded = FoldedModel(Little(), BASE)
    folded.move(entries, deltas.__getitem__)
    low, high = (
        leave_one_out(folded, entries, deltas.__getitem__, lambda: measure_of(folded.model), higher_is_better=better)
        for better in (False, True)
    )
    assert low == {update: -score for update, score in high.items()}
    assert any(low.values())


def test_a_single_update_is_compared_with_none() -> None:
    deltas = contributions(rounds=1)
    entries = entries_of([UpdateId("1-aurora")])
    base = measure_of(Little())
    folded = FoldedModel(Little(), BASE)
    folded.move(entries, deltas.__getitem__)
    scores = leave_one_out(folded, entries, deltas.__getitem__, lambda: measure_of(folded.model), higher_is_better=True)
    assert scores[UpdateId("1-aurora")] == pytest.approx(measure_of(folded.model) - base, abs=2)


def test_weights_may_be_the_ledgers() -> None:
    deltas = contributions(rounds=1)
    entries = entries_of(list(deltas))
    folded = FoldedModel(Little(), BASE)
    folded.move(entries, deltas.__getitem__)

    def ledger(leaving: UpdateId) -> dict[UpdateId, int]:
        rest = entries_of([update for update in deltas if update != leaving])
        return {entry.update_id: entry.weight for entry in rest}

    given = leave_one_out(
        folded,
        entries,
        deltas.__getitem__,
        lambda: measure_of(folded.model),
        higher_is_better=True,
        weights_without=ledger,
    )
    default = leave_one_out(
        folded, entries, deltas.__getitem__, lambda: measure_of(folded.model), higher_is_better=True
    )
    assert given == pytest.approx(default, abs=2)


def test_default_weights_keep_the_rounds_sum() -> None:
    entries = entries_of(list(contributions(rounds=1)))
    weights = rescaled(entries, entries[0].update_id)
    assert sum(weights.values()) == WEIGHT_ONE
    assert rescaled(entries[:1], entries[0].update_id) == {}


def test_a_measurement_that_fails_leaves_the_model_alone() -> None:
    deltas = contributions(rounds=1)
    entries = entries_of(list(deltas))
    folded = FoldedModel(Little(), BASE)
    folded.move(entries, deltas.__getitem__)
    before, calls = state_digest(folded.model), []

    def measure() -> int:
        calls.append(1)
        if len(calls) == 2:
            raise torch.OutOfMemoryError("full")
        return 0

    with pytest.raises(torch.OutOfMemoryError):
        leave_one_out(folded, entries, deltas.__getitem__, measure, higher_is_better=True)
    assert state_digest(folded.model) == before


def test_candidates_must_be_in_the_fold() -> None:
    deltas = contributions(rounds=1)
    with pytest.raises(ProtocolError, match="not in the fold"):
        leave_one_out(
            FoldedModel(Little(), BASE), entries_of(list(deltas)), deltas.__getitem__, lambda: 0, higher_is_better=True
        )
