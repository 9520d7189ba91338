"""Verdicts with a real, tiny model: filters, the validation policy, and what nothing and noise score."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from unit.ledger.actors import AURORA
from unit.worker.judging_world import (
    honest,
    judged,
    learnt_by,
    named,
    noise_like,
    spec_of,
    times,
)

from orchestrator.aggregation import FoldedModel
from orchestrator.contribution import AdapterDelta, LowRank, Reason, norm, parse, serialise
from orchestrator.daemon.workbench import Judgement
from orchestrator.data import Dataset, DataSettings, prepare
from orchestrator.models import BaseModel, load_base, resolve
from orchestrator.training import Evaluation, evaluate
from orchestrator.types import MILLION, UpdateId
from orchestrator.worker.judging import worth


@pytest.fixture(scope="module")
def base() -> BaseModel:
    return load_base(resolve("tiny:llama"))


@pytest.fixture(scope="module")
def data(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("texts")
    for number in range(24):
        (folder / f"{number}.txt").write_text(f"line {number} of what this organisation knows, and nobody else")
    return prepare(DataSettings("text", {}, folder, 250_000, 4, 7), base.tokenizer, kind=base.kind, length=24)


@pytest.fixture(scope="module")
def learnt(base: BaseModel, data: Dataset) -> list[AdapterDelta]:
    return learnt_by(base, data, spec_of(base), 4)


def test_filters_decide_in_the_tasks_order(base: BaseModel, data: Dataset, learnt: list[AdapterDelta]) -> None:
    filters = [named("median-distance", factor=2 * MILLION), named("norm-clip", factor=500_000)]
    deltas = {**honest(learnt), "scaled": times(learnt[0], -40)}
    found = judged(base, data, spec_of(base, filters=filters), deltas)
    assert found["scaled"] == Judgement(False, 0, 0, "FAR_FROM_MOST")
    for name in honest(learnt):
        assert found[name].accept and 0 < found[name].weight_cap <= 620_000


def test_a_copy_is_refused_before_anything_is_scored(
    base: BaseModel, data: Dataset, learnt: list[AdapterDelta]
) -> None:
    rank = next(iter(learnt[0].modules.values())).rank
    turn = torch.linalg.qr(torch.randn(rank, rank, generator=torch.Generator().manual_seed(1)))[0]
    turned = {name: LowRank(turn.T @ low.a, low.b @ turn, low.alpha) for name, low in learnt[0].modules.items()}
    alone = judged(base, data, spec_of(base, scores="shapley"), honest(learnt))
    deltas = {**honest(learnt), "copy": replace(learnt[0], modules=turned)}
    found = judged(base, data, spec_of(base, scores="shapley"), deltas)
    assert found.pop("copy") == Judgement(False, 0, 0, Reason.COPY_OF_ANOTHER.value)
    assert found == alone, "the original shares nothing with its copy"


def test_nothing_and_noise_score_nothing(base: BaseModel, data: Dataset, learnt: list[AdapterDelta]) -> None:
    deltas = {**honest(learnt), "nothing": times(learnt[0], 0), "noise": noise_like(learnt[0])}
    found = judged(base, data, spec_of(base, scores="shapley"), deltas)
    least = min(found[name].score for name in honest(learnt))
    assert least > 10_000
    assert abs(found["nothing"].score) <= 2, "but for the last bits of a wider product"
    assert abs(found["noise"].score) < least / 4
    check = judged(base, data, spec_of(base), deltas)
    assert abs(check["nothing"].score) <= 2


def test_shapley_values_sum_to_the_rounds_gain(base: BaseModel, data: Dataset, learnt: list[AdapterDelta]) -> None:
    found = judged(base, data, spec_of(base, scores="shapley"), honest(learnt))
    folded = FoldedModel(base.model, base.digest)
    before = evaluate(base.model, data.validation_batches())
    with folded.tried([(entry, delta) for entry, delta in _players(learnt)]):
        after = evaluate(base.model, data.validation_batches())
    gain = worth(after, "loss") - worth(before, "loss")
    assert 0 <= gain - sum(item.score for item in found.values()) < len(learnt)


def _players(learnt: list[AdapterDelta]) -> list[tuple[Any, AdapterDelta]]:
    from orchestrator.aggregation import WEIGHT_ONE, FoldEntry

    return [(FoldEntry(UpdateId(str(place)), 1, AURORA, WEIGHT_ONE // 4), delta) for place, delta in enumerate(learnt)]


@pytest.mark.parametrize("factor", [-1.0, 1e4])
def test_hostile_updates_are_refused_and_honest_ones_are_not_dragged_along(
    base: BaseModel, data: Dataset, learnt: list[AdapterDelta], factor: float
) -> None:
    """Also where the sum is wrecked, so that every leave-one-out score of it is noise."""
    deltas = {**honest(learnt), "hostile": times(learnt[0], factor)}
    if factor > 0:  # of its own direction it would be a copy
        deltas["hostile"] = times(noise_like(learnt[0]), factor)
    found = judged(base, data, spec_of(base, policy="validation", minimum_score=500), deltas)
    assert {name for name, item in found.items() if item.accept} == set(honest(learnt))
    assert found["hostile"].reason == Reason.SCORE_TOO_LOW.value and found["hostile"].score < 500


def test_too_few_for_a_filter_are_rejected_not_an_error(
    base: BaseModel, data: Dataset, learnt: list[AdapterDelta]
) -> None:
    filters = [named("median-distance", factor=2 * MILLION)]
    found = judged(base, data, spec_of(base, filters=filters), dict(list(honest(learnt).items())[:2]))
    assert {item.reason for item in found.values()} == {"TOO_FEW_FOR_FILTER"}


def test_a_model_without_a_loss_is_worth_the_least() -> None:
    ruined, huge = Evaluation(float("nan"), 0.9, 10), Evaluation(1e30, 0.5, 10)
    assert worth(ruined, "accuracy") == 0 and worth(ruined, "loss") == worth(huge, "loss") == -(10**6) * MILLION
    assert (
        worth(Evaluation(0.25, 0.75, 4), "accuracy") == 750_000 and worth(Evaluation(0.25, 0.7, 4), "loss") == -250_000
    )


def test_payloads_are_what_is_judged(base: BaseModel, learnt: list[AdapterDelta]) -> None:
    """The fixtures are honest: what was trained survives its own format."""
    for delta in learnt:
        assert norm(parse(serialise(delta))) == pytest.approx(norm(delta)) and norm(delta) > 1
