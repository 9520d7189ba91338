"""The baselines for pictures: Bad Teacher, PGU and Lipschitz by their formulae, and all of them on attributes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from orchestrator.errors import ConfigurationError
from orchestrator.models.base import state_digest
from orchestrator.unlearning.methods import methods
from orchestrator.unlearning.methods.recipe import Job
from orchestrator.unlearning.person.bad_teacher import ignorant
from orchestrator.unlearning.person.baselines import BASELINES, baseline_named
from orchestrator.unlearning.person.episodes import batch_of
from orchestrator.unlearning.person.pgu import inputs_of, project
from orchestrator.unlearning.subject import Batches, Budget, Data, Subject
from orchestrator.unlearning.tasks import AttributeTask, predicted, scored
from tests.unit.unlearning.people import SCALE, learnt, some_people
from tests.unit.unlearning.small import endless

FACES = some_people(4)
DATA = Data(endless(dict(batch_of(FACES.of([1, 2, 3]), SCALE)), 4), endless(dict(batch_of(FACES.of([0]), SCALE)), 4))


class Flat(nn.Module):
    """Logits are a matrix times the pixels."""

    def __init__(self, matrix: Tensor) -> None:
        super().__init__()
        self.fc = nn.Linear(matrix.shape[1], matrix.shape[0], bias=False)
        with torch.no_grad():
            self.fc.weight.copy_(matrix)

    def forward(self, pixel_values: Tensor) -> Tensor:
        return self.fc(pixel_values.flatten(1))


def flat(matrix: Tensor) -> Subject:
    return Subject.whole(Flat(matrix), AttributeTask(len(matrix)))


def test_an_attribute_is_a_place_with_two_classes() -> None:
    task, batch = AttributeTask(3), {"labels": torch.tensor([[1.0, 0, 1]]), "pixel_values": torch.ones(1, 1, 1, 1)}
    subject = flat(torch.tensor([[0.5], [-1.0], [2.0]]))
    logits = task.logits(subject.model, batch)
    chances = scored(logits, batch).softmax(-1)
    assert torch.allclose(chances[:, 1], torch.tensor([0.5, -1.0, 2.0]).sigmoid()) and predicted(batch).tolist() == [3]
    by_hand = -(chances[0, 1].log() + chances[1, 0].log() + chances[2, 1].log()) / 3
    assert torch.allclose(task.losses(subject.model, batch), by_hand)
    assert task.wrong_labels(batch, torch.Generator())["labels"].tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("name", BASELINES)
def test_each_changes_a_model_of_attributes_and_repeats_itself(name: str) -> None:
    subject, digests = learnt(FACES, steps=3), []
    before = subject.snapshot()
    for seed in (1, 1):
        baseline_named(name).run(subject, DATA, Budget(2, 1e-3), seed=seed)
        digests.append(state_digest(subject.model))
        subject.restore(before)
    assert digests[0] == digests[1] != state_digest(subject.model)


def test_names_are_known_and_those_of_tasks_stay_as_they_are() -> None:
    assert not {"bad-teacher", "lipschitz", "pgu"} & set(methods())
    with pytest.raises(ConfigurationError, match="choose one of"):
        baseline_named("retrain")


def test_the_slope_of_a_matrix_that_keeps_lengths_is_its_factor() -> None:
    data = Data(DATA.retain, endless({"pixel_values": torch.rand(2, 1, 2, 2), "labels": torch.zeros(2, 4)}, 2))
    values: list[float] = []
    subject, method = flat(3 * torch.eye(4)), baseline_named("lipschitz")
    method.run(subject, data, Budget(20, 1e-2), seed=1, progress=lambda *told: values.append(told[2]))
    assert values[0] == pytest.approx(3, rel=1e-5) and values[-1] < 2.9


def test_pgu_moves_off_what_is_kept_and_no_further() -> None:
    kept = torch.tensor([[1.0, 1, 0, 0], [0, 1, 0, 0]]).view(2, 1, 2, 2)
    gone = torch.tensor([[0.0, 1, 1, 0]]).view(1, 1, 2, 2)
    subject = flat(torch.tensor([[0.1, 0.2, 0.3, 0.4]]))
    data = Data(_fixed(kept), _fixed(gone))
    with torch.no_grad():
        before = [subject.model(pictures) for pictures in (kept, gone)]
    baseline_named("pgu", share=1.0).run(subject, data, Budget(5, 0.1), seed=1)
    with torch.no_grad():
        after = [subject.model(pictures) for pictures in (kept, gone)]
    assert torch.allclose(before[0], after[0], atol=1e-6)
    assert float(before[1] - after[1]) == pytest.approx(0.5, abs=0.01)  # five steps of Adam, of 0.1 each, downwards


def _fixed(pictures: Tensor) -> Batches:
    return endless({"pixel_values": pictures, "labels": torch.ones(len(pictures), 1)}, len(pictures))


def test_a_convolution_multiplies_its_weight_with_these_inputs() -> None:
    torch.manual_seed(1)
    conv, values = nn.Conv2d(2, 3, 3, stride=2, padding=1, bias=False), torch.randn(2, 2, 5, 5)
    by_rows = inputs_of(conv, values) @ conv.weight.flatten(1).T
    assert torch.allclose(by_rows.view(2, 9, 3).transpose(1, 2).reshape(2, 3, 3, 3), conv(values), atol=1e-5)
    core = torch.linalg.qr(torch.randn(18, 4)).Q
    left = project(torch.randn_like(conv.weight), core)
    assert float((left.flatten(1) @ core).abs().max()) < 1e-5


def test_the_incompetent_teacher_is_a_draw_with_the_moments_of_each_tensor() -> None:
    subject = flat(torch.randn(40, 50, generator=torch.Generator().manual_seed(1)) * 3 + 2)
    job = Job("bad-teacher", subject, Budget(1, 1.0), {}, 1, subject.snapshot(), iter(()), None)
    drawn, own = ignorant(job)["fc.weight"], subject.parameters()["fc.weight"].detach()
    assert abs(float(drawn.mean() - own.mean())) < 0.3 and abs(float(drawn.std() / own.std()) - 1) < 0.1
    assert abs(float(torch.corrcoef(torch.stack([drawn.flatten(), own.flatten()]))[0, 1])) < 0.1
    assert torch.equal(drawn, ignorant(job)["fc.weight"])


def test_bad_teacher_brings_what_is_forgotten_nearer_to_ignorance() -> None:
    subject, values = learnt(FACES), []
    method = baseline_named("bad-teacher")
    method.run(subject, DATA, Budget(12, 3e-3), seed=1, progress=lambda *told: values.append(told[2]))
    assert values[10] < values[0]  # even steps are those on what is forgotten
