"""Tasks: losses a sample, what counts, and wrong labels."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.tasks import IGNORED, CausalTask, ClassifierTask, ImageTask, predicted, scored


class Fixed(nn.Module):
    """Says the same logits whatever it is asked, as a transformers model does."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.given = nn.Parameter(logits)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        assert input_ids.shape == attention_mask.shape
        return SimpleNamespace(logits=self.given)


def batch(labels: list) -> dict[str, torch.Tensor]:
    held = torch.tensor(labels)
    tokens = torch.zeros(len(labels), 4, dtype=torch.long)
    return {"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": held}


def test_a_classifier() -> None:
    logits = torch.tensor([[1.0, 2.0], [0.0, -1.0]])
    task, given = ClassifierTask(2), batch([0, 1])
    found = task.losses(Fixed(logits), given)
    assert torch.allclose(found, -logits.log_softmax(-1)[[0, 1], [0, 1]])
    assert torch.equal(scored(task.logits(Fixed(logits), given), given), logits)
    assert predicted(given).tolist() == [1, 1]


def test_a_language_model_predicts_the_next_token() -> None:
    logits = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(1))
    given = batch([[4, 1, 2, IGNORED], [IGNORED, IGNORED, 3, 0]])
    log = logits.log_softmax(-1)
    wanted = [-(log[0, 0, 1] + log[0, 1, 2]) / 2, -(log[1, 1, 3] + log[1, 2, 0]) / 2]
    assert torch.allclose(CausalTask(5).losses(Fixed(logits), given), torch.stack(wanted))
    counted = scored(CausalTask(5).logits(Fixed(logits), given), given)
    assert torch.equal(counted, torch.stack([logits[0, 0], logits[0, 1], logits[1, 1], logits[1, 2]]))
    assert predicted(given).tolist() == [2, 2]


def test_a_sequence_of_nothing_costs_nothing() -> None:
    given = batch([[1, IGNORED, IGNORED, IGNORED]])
    assert CausalTask(5).losses(Fixed(torch.randn(1, 4, 5)), given).tolist() == [0.0]


def test_images() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    given = {"pixel_values": torch.randn(2, 1, 2, 2), "labels": torch.tensor([0, 2])}
    wanted = nn.functional.cross_entropy(model(given["pixel_values"]), given["labels"], reduction="none")
    assert torch.equal(ImageTask(3).losses(model, given), wanted)


def test_wrong_labels_are_wrong_and_all_of_them_come() -> None:
    given = {"labels": torch.tensor([0, 1, 2, 3] * 200), "pixel_values": torch.zeros(800)}
    made = ImageTask(4).wrong_labels(given, torch.Generator().manual_seed(1))
    assert made["pixel_values"] is given["pixel_values"]
    counts = torch.bincount((made["labels"] - given["labels"]) % 4, minlength=4)
    assert counts[0] == 0
    assert counts[1:].min() > 200
    again = ClassifierTask(4).wrong_labels(given, torch.Generator().manual_seed(1))
    assert torch.equal(made["labels"], again["labels"])


def test_wrong_tokens_only_where_something_is_predicted() -> None:
    given = batch([[4, IGNORED, 2, 0]])
    made = CausalTask(5).wrong_labels(given, torch.Generator().manual_seed(1))["labels"]
    assert made[0, 1] == IGNORED
    assert all(made[0, place] != given["labels"][0, place] for place in (0, 2, 3))
    assert int(made.max()) < 5


def test_one_class_has_no_wrong_label() -> None:
    with pytest.raises(ConfigurationError, match="leaves no wrong label"):
        ImageTask(1).wrong_labels({"labels": torch.tensor([0])}, torch.Generator())
