"""What a task may name and what there is are the same."""

from __future__ import annotations

from itertools import product

import pytest

from orchestrator.aggregation import Starting, strategies, strategy_named
from orchestrator.ledger.methods import ONE_RANK, STRATEGIES, OneOf, Whole
from orchestrator.ledger.task import TaskSpec
from orchestrator.settings import compose


def bounds(kind: Whole | OneOf) -> tuple[int | str, ...]:
    return kind.words if isinstance(kind, OneOf) else (kind.least, kind.most)


def test_tasks_name_the_strategies_that_there_are() -> None:
    assert set(strategies()) == set(STRATEGIES)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_each_can_be_made_at_the_bounds_of_its_settings(name: str) -> None:
    declared = STRATEGIES[name]
    for chosen in product(*(bounds(kind) for kind in declared.values())):
        settings = dict(zip(declared, chosen, strict=True))
        made = strategy_named(name, **settings)
        assert (made.name, dict(made.settings)) == (name, settings), "what names a stored fold is what the task says"


def test_those_that_average_factors_have_members_begin_alike() -> None:
    assert {name for name in strategies() if isinstance(strategy_named(name), Starting)} == ONE_RANK


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_task_of_each_composes_by_its_name(name: str) -> None:
    task = compose(["experiment=vader_minilm", f"aggregation={name}"]).values["experiment"]["task"]
    base = {**task["base"], "digest": "0x" + "ab" * 32, "architecture": "BertForSequenceClassification"}
    spec = TaskSpec.from_document({"format": "loranchor/task", "version": 1, **task, "base": base})
    assert strategy_named(spec.strategy.name, **spec.strategy.settings).name == name
