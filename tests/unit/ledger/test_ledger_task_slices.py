"""The optional member ``training.slices``: absent it changes nothing, present it must be met by the rest."""

from __future__ import annotations

from typing import Any

import pytest
from unit.ledger.actors import task

from orchestrator.errors import FormatError
from orchestrator.ledger.task import TaskSpec
from orchestrator.training import TrainingSettings

TRAINING = {"steps": 8, "batch": 2, "length": 24, "learning_rate_nano": 1, "optimizer": "adamw", "seed": 7}


def with_slices(slices: Any, lineage: str = "isolated") -> TaskSpec:
    return task(training={**TRAINING, "slices": slices}, lineage=lineage)


def test_a_task_without_slices_is_what_it_was() -> None:
    plain = task(training=TRAINING, lineage="isolated")
    assert plain.training.slices == TrainingSettings.from_task(plain.document).slices == 1
    assert "slices" not in plain.document["training"]
    sliced = with_slices(4)
    assert sliced.training.slices == TrainingSettings.from_task(sliced.document).slices == 4
    assert TaskSpec.from_bytes(sliced.to_bytes()).digest == sliced.digest != plain.digest


@pytest.mark.parametrize("slices", [1, 0, 65, "2", None, True])
def test_one_meaning_has_one_form(slices: Any) -> None:
    with pytest.raises(FormatError, match=r"task\.training\.slices"):
        with_slices(slices)


def test_slices_need_a_lineage_of_their_own_and_a_step_each() -> None:
    with pytest.raises(FormatError, match="is 4 with lineage chained"):
        with_slices(4, "chained")
    with pytest.raises(FormatError, match="8 steps are too few"):
        with_slices(9)
