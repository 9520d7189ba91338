"""The relearning attack on a network small enough to look into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor, nn

from orchestrator.attacks.relearning import (
    Curve,
    RelearningSettings,
    draw,
    held_out_split,
    relearn,
    union_share,
)
from orchestrator.attacks.rows import joined, single_rows
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.unlearning.subject import Batch, Subject
from orchestrator.unlearning.tasks import ImageTask


@dataclass(frozen=True)
class Seen(ImageTask):
    """Remembers the batches that were trained on."""

    batches: list[Batch] = field(default_factory=list)

    def losses(self, model: nn.Module, batch: Batch) -> Tensor:
        if torch.is_grad_enabled():
            self.batches.append(batch)
        return super().losses(model, batch)


def network() -> nn.Module:
    torch.manual_seed(0)
    parts = (nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.1), nn.Linear(16, 2))
    return nn.Sequential(*parts).eval().requires_grad_(False)


def images(rows: int, label: int, value: float) -> Batch:
    return {"pixel_values": torch.full((rows, 1, 4, 4), value), "labels": torch.full((rows,), label)}


def retain(seed: int) -> Iterator[Batch]:
    generator = torch.Generator().manual_seed(seed)
    while True:
        pixels = torch.randn(16, 1, 4, 4, generator=generator)
        yield {"pixel_values": pixels, "labels": (pixels.mean((1, 2, 3)) > 0).long()}


def subject_of(model: nn.Module) -> Subject:
    return Subject.whole(model, Seen(2))


def trained_rows(subject: Subject, value: float) -> list[int]:
    """For each step, how many rows hold that value."""
    assert isinstance(subject.task, Seen)
    return [int((batch["pixel_values"] == value).all((1, 2, 3)).sum()) for batch in subject.task.batches]


def test_what_was_forgotten_comes_back_and_the_subject_stays_as_it_was() -> None:
    model = network()
    model.train()
    model(torch.randn(8, 1, 4, 4))  # batch norm has figures that an attack would change
    model.eval()
    subject = subject_of(model)
    label = 1 - int(subject.task.logits(model, images(1, 0, -3.0)).argmax())  # what the model does not say now
    held_out, examples = images(10, label, -3.0), [images(5, label, -3.0)]
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    modes, random = [module.training for module in model.modules()], torch.random.get_rng_state()

    def measure() -> float:
        assert not model.training and not torch.is_grad_enabled()
        return float((subject.task.logits(model, held_out).argmax(1) == label).float().mean())

    settings = RelearningSettings(steps=25, learning_rate=0.02, every=10, batch=8)
    curve = relearn(subject, retain, examples, settings, measure, seed=1)
    assert curve.steps == (0, 10, 20, 25)
    assert curve.values[0] == 0.0 and curve.last == 1.0  # seen examples teach what the held-out ones are
    after = model.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.random.get_rng_state(), random)
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in model.parameters())
    assert relearn(subject, retain, examples, settings, measure, seed=1) == curve


@pytest.mark.parametrize(("share", "expected"), [(0.25, [2, 2, 2, 2]), (0.0625, [0, 1, 0, 1]), (1.0, [8, 8, 8, 8])])
def test_the_examples_make_up_their_share_of_the_rows(share: float, expected: list[int]) -> None:
    subject = subject_of(network())
    settings = RelearningSettings(steps=4, learning_rate=1e-3, batch=8, forget_share=share)
    relearn(subject, retain, [images(3, 1, 7.0)], settings, lambda: 0.0, seed=0)
    assert trained_rows(subject, 7.0) == expected
    assert isinstance(subject.task, Seen)
    assert {len(batch["labels"]) for batch in subject.task.batches} == {8}


def test_each_example_comes_as_often_as_any_other() -> None:
    subject = subject_of(network())
    examples = [images(1, 1, value) for value in (7.0, 8.0, 9.0)]
    settings = RelearningSettings(steps=6, learning_rate=1e-3, batch=4, forget_share=0.5)
    relearn(subject, retain, examples, settings, lambda: 0.0, seed=0)
    assert [sum(trained_rows(subject, value)) for value in (7.0, 8.0, 9.0)] == [4, 4, 4]


def test_attackers_with_less() -> None:
    subject = subject_of(network())
    settings = RelearningSettings(steps=3, learning_rate=1e-3, batch=4)
    relearn(subject, retain, [], settings, lambda: 0.0, seed=0)  # k = 0
    assert trained_rows(subject, 7.0) == [0, 0, 0]
    relearn(subject, None, [images(1, 1, 7.0)], settings, lambda: 0.0, seed=0)  # without retained data
    assert trained_rows(subject, 7.0)[3:] == [4, 4, 4]
    with pytest.raises(ConfigurationError, match="retained data, or examples"):
        relearn(subject, None, [], settings, lambda: 0.0, seed=0)


def test_a_failed_attack_leaves_the_subject_as_it_was() -> None:
    model = network()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    settings = RelearningSettings(steps=9, learning_rate=1e30, batch=4)
    with pytest.raises(DataError, match="not finite"):
        relearn(subject_of(model), retain, [], settings, lambda: 0.0, seed=0)
    with pytest.raises(DataError, match="end before the attack"):
        relearn(subject_of(model), lambda seed: iter([images(4, 0, 1.0)]), [], settings, lambda: 0.0, seed=0)
    after = model.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())


def test_progress_is_told_after_each_step() -> None:
    told: list[tuple[int, int]] = []
    settings = RelearningSettings(steps=3, learning_rate=1e-3, batch=4)
    relearn(subject_of(network()), retain, [], settings, lambda: 0.0, seed=0, progress=lambda *step: told.append(step))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_seen_and_held_out_rows() -> None:
    seen, held_out = held_out_split(50)
    assert len(seen) == 10 and len(held_out) == 40
    assert sorted((*seen, *held_out)) == list(range(50))
    assert held_out_split(50) == (seen, held_out)
    assert set(draw(seen, 3, seed=1)) < set(draw(seen, 5, seed=1)) < set(seen)
    assert draw(seen, 5, seed=1) != draw(seen, 5, seed=2)
    with pytest.raises(ConfigurationError, match="cannot have 11 examples where 10"):
        draw(seen, 11, seed=0)
    with pytest.raises(DataError, match="no part to be held out"):
        held_out_split(2)


def test_curves() -> None:
    curve = Curve((0, 10, 20), (0.1, 0.9, 0.6))
    assert (curve.last, curve.highest) == (0.6, 0.9)
    assert (curve.steps_to(0.5), curve.steps_to(0.95)) == (10, None)
    assert union_share(900, 100) == 0.1


@pytest.mark.parametrize(
    "wrong",
    [{"steps": 0}, {"learning_rate": 0.0}, {"learning_rate": float("nan")}, {"forget_share": 0.0}, {"batch": 0}],
)
def test_attacks_that_are_none(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        RelearningSettings(**{"steps": 3, "learning_rate": 0.1, **wrong})  # type: ignore[arg-type]


def test_rows_of_tokens_are_joined_at_their_widest() -> None:
    long = {"input_ids": torch.full((1, 4), 5), "attention_mask": torch.ones(1, 4), "labels": torch.full((1, 4), 5)}
    short = {"input_ids": torch.full((2, 2), 6), "attention_mask": torch.ones(2, 2), "labels": torch.full((2, 2), 6)}
    both = joined([long, short], padding=9)
    assert both["input_ids"].tolist() == [[5, 5, 5, 5], [6, 6, 9, 9], [6, 6, 9, 9]]
    assert both["attention_mask"].tolist()[1] == [1, 1, 0, 0]
    assert both["labels"].tolist()[2] == [6, 6, -100, -100]
    assert [row["input_ids"].tolist() for row in single_rows([short])] == [[[6, 6]], [[6, 6]]]


def test_what_does_not_fit_is_not_joined() -> None:
    with pytest.raises(DataError, match="do not have the same parts"):
        joined([images(1, 0, 1.0), {"labels": torch.zeros(1)}])
    wide = {"pixel_values": torch.zeros(1, 1, 5, 5), "labels": torch.zeros(1, dtype=torch.long)}
    with pytest.raises(DataError, match="differ in the shape of pixel_values"):
        joined([images(1, 0, 1.0), wide])
