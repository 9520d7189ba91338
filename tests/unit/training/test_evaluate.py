"""Held-out figures against plain arithmetic."""

from __future__ import annotations

import pytest
import torch

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.models import load_base, resolve
from orchestrator.training import Evaluation, evaluate
from orchestrator.training.evaluate import IGNORED


def test_loss_of_a_language_model_is_the_models_own() -> None:
    model = load_base(resolve("tiny:llama")).model
    tokens = torch.randint(2, 200, (3, 12), generator=torch.Generator().manual_seed(0))
    batch = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": tokens}
    found = evaluate(model, [batch])
    assert found.loss == pytest.approx(float(model(**batch).loss), rel=1e-5)
    assert found.accuracy is None
    assert found.samples == 3
    with pytest.raises(ConfigurationError, match="'accuracy' is not measured"):
        found.value("accuracy")


def test_padding_does_not_count() -> None:
    model = load_base(resolve("tiny:llama")).model
    tokens = torch.full((1, 6), 5)
    labels = tokens.clone()
    labels[0, 3:] = IGNORED
    mask = torch.tensor([[1, 1, 1, 0, 0, 0]])
    padded = evaluate(model, [{"input_ids": tokens, "attention_mask": mask, "labels": labels}])
    short = {"input_ids": tokens[:, :3], "attention_mask": mask[:, :3], "labels": tokens[:, :3]}
    assert padded.loss == pytest.approx(evaluate(model, [short]).loss, rel=1e-5)


def test_accuracy_of_a_classifier() -> None:
    model = load_base(resolve("tiny:llama"), kind="classifier").model
    tokens = torch.randint(2, 200, (4, 5), generator=torch.Generator().manual_seed(0))
    inputs = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
    answers = model(**inputs).logits.argmax(-1)
    labels = answers.clone()
    labels[0] = 1 - labels[0]
    found = evaluate(model, [{**inputs, "labels": labels}])
    assert found.accuracy == 0.75
    assert found.value("accuracy") == 750_000


def test_millionths() -> None:
    assert Evaluation(3.1234567, None, 1).value("loss") == 3_123_457
    with pytest.raises(ConfigurationError):
        Evaluation(1.0, 1.0, 1).value("f1")


def test_nothing_to_evaluate_on() -> None:
    with pytest.raises(DataError, match="no held-out sample"):
        evaluate(load_base(resolve("tiny:llama")).model, [])


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), 1e30])
def test_a_loss_that_is_no_number_is_the_worst_there_is(loss: float) -> None:
    """A hostile update may bring a model that far; whoever judges it must be able to say how bad it is."""
    assert Evaluation(loss, None, 3).value("loss") == 10**12
