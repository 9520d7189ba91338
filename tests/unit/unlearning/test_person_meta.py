"""MetaUnlearn: the step, its second-order gradients, what learning it does, and the artefact."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from orchestrator.data.images.faces import Faces
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.models.base import state_digest
from orchestrator.models.faces import NAMES as NETWORKS
from orchestrator.unlearning.person import artefact
from orchestrator.unlearning.person.baselines import MetaUnlearn
from orchestrator.unlearning.person.episodes import Episode, batch_of, episodes, support_of, targets_of
from orchestrator.unlearning.person.meta_loss import MetaLoss, Shape
from orchestrator.unlearning.person.step import Support, forget_in_place, stepped
from orchestrator.unlearning.person.training import (
    MetaTraining,
    mean_average_precision,
    objective,
    train_meta_loss,
)
from orchestrator.unlearning.refusal import ForgetDataMissing, NotFinite
from orchestrator.unlearning.subject import Batch, Budget, Data, Subject
from orchestrator.unlearning.tasks import AttributeTask
from tests.unit.unlearning.people import SCALE, learnt, some_people
from tests.unit.unlearning.small import whole_net

SHAPE = Shape(outputs=2, feature=64, people=tuple(range(6)), hidden=16, embedding=4)


@pytest.fixture(scope="module")
def faces() -> Faces:
    return some_people(8)


@pytest.fixture(scope="module")
def trained(faces: Faces) -> Subject:
    return learnt(faces.of(range(6)))


@pytest.fixture
def subject(trained: Subject) -> Subject:
    return Subject.whole(copy.deepcopy(trained.model), trained.task)


def requests(faces: Faces, *, epochs: int = 1, together: int = 2) -> list[Episode]:
    training, validation = faces.of(range(6)), faces.of([6, 7])
    return list(episodes(training, validation, SCALE, together=together, epochs=epochs, seed=3))


def test_everybody_asks_once_an_epoch_with_a_picture_of_their_own(faces: Faces) -> None:
    found = requests(faces, epochs=2)
    assert [sorted(p for e in found[i : i + 3] for p in e.people) for i in (0, 3)] == [list(range(6))] * 2
    assert [e.people for e in found[:3]] != [e.people for e in found[3:]]
    for episode in found:
        own = batch_of(faces.of(episode.people), SCALE)["pixel_values"]
        assert len(episode.forget["labels"]) == 6 and episode.support.people.tolist() == list(episode.people)
        assert all(any(torch.equal(one, other) for other in own) for one in episode.support.pixel_values)
        left, kept = episode.forget["pixel_values"], episode.retain["pixel_values"]
        assert len(kept) == 16 and not any(torch.equal(one, other) for other in kept for one in own)
        assert not any(torch.equal(one, other) for other in left for one in episode.support.pixel_values)
    filled = requests(faces, together=4)
    assert [len(one.people) for one in filled] == [4, 4] and filled[1].people[2:] == filled[0].people[:2]
    with pytest.raises(ConfigurationError, match="7 of 6"):
        requests(faces, together=7)


def test_a_class_is_a_target_of_one_in_many(faces: Faces) -> None:
    classes = Faces(faces.pixels, faces.people, torch.arange(len(faces)) % 3, ("a", "b", "c"))
    assert targets_of(classes.at([0, 1, 2])).tolist() == torch.eye(3).tolist()
    assert support_of(classes.at([5, 0, 4]), SCALE).people.tolist() == [1, 0, 1]


def test_the_step_is_a_gradient_step_and_leaves_the_model(subject: Subject, faces: Faces) -> None:
    meta, episode, digest = MetaLoss(SHAPE).eval(), requests(faces)[0], state_digest(subject.model)
    weights = {name: one.detach().clone().requires_grad_() for name, one in subject.parameters().items()}
    moved = stepped(subject.model, weights, meta, episode.support, rate=0.5)
    model, support = subject.model, episode.support
    features = model.features(support.pixel_values)
    model.zero_grad()
    torch.autograd.backward(meta(model.head(features), features, support.targets, support.people))
    for name, parameter in subject.parameters().items():
        assert parameter.grad is not None
        assert torch.allclose(moved[name], parameter - 0.5 * parameter.grad, atol=1e-6)
    assert state_digest(subject.model) == digest


@pytest.mark.parametrize("name", NETWORKS)
def test_second_order_gradients_are_those_of_finite_differences(faces: Faces, name: str) -> None:
    """Along the gradient and along a random direction, in float64."""
    subject = learnt(faces, steps=2, name=name)
    subject.model.double()
    meta, episode = MetaLoss(SHAPE, seed=1).double().eval(), _double(requests(faces)[0])
    generator = torch.Generator().manual_seed(4)
    parameters = list(meta.parameters())
    exact = torch.autograd.grad(_smooth(subject, meta, episode), parameters)
    for directions in (exact, [torch.randn(one.shape, generator=generator).double() for one in exact]):
        size = sum(float(one.square().sum()) for one in directions) ** 0.5
        values = [_moved_by(step / size, directions, subject, meta, episode) for step in (1e-4, -1e-4)]
        slope = sum(float((one * other).sum()) for one, other in zip(exact, directions, strict=True)) / size
        assert abs(slope) > 1e-9 and (values[0] - values[1]) / 2e-4 == pytest.approx(slope, rel=1e-3)


def _moved_by(step: float, directions: Sequence[Tensor], subject: Subject, meta: MetaLoss, episode: Episode) -> float:
    """The value where the meta-loss's parameters are so far along a direction."""
    other = copy.deepcopy(meta)
    with torch.no_grad():
        for parameter, direction in zip(other.parameters(), directions, strict=True):
            parameter.add_(step * direction)
    return float(_smooth(subject, other, episode).detach())


def _double(episode: Episode) -> Episode:
    support = episode.support
    return Episode(
        episode.people,
        Support(support.pixel_values.double(), support.targets.double(), support.people),
        *({name: tensor.double() for name, tensor in part.items()} for part in _batches(episode)),
    )


def _batches(episode: Episode) -> tuple[Batch, ...]:
    return episode.forget, episode.validation, episode.retain


def _smooth(subject: Subject, meta: MetaLoss, episode: Episode) -> Tensor:
    """The loss on those who asked after the step: the only part of the objective that gradients pass through."""
    weights = {name: one.detach().clone().requires_grad_() for name, one in subject.parameters().items()}
    moved = stepped(subject.model, weights, meta, episode.support, rate=0.5, graph=True)
    logits = torch.func.functional_call(subject.model, moved, (episode.forget["pixel_values"],))
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, episode.forget["labels"])


def test_one_step_of_learning_lowers_the_objective(subject: Subject, faces: Faces) -> None:
    """Where gradients pass through all that changes; with constants for validation it may rise."""
    episode, digest, meta = requests(faces)[0], state_digest(subject.model), MetaLoss(SHAPE, seed=2)
    settings = MetaTraining(rate=1.0, weight_decay=0.0, floor=1.0, aim="reviewed")
    before = float(objective(subject, meta.eval(), episode, settings).detach())
    (told,) = train_meta_loss(subject, meta, [episode], settings, seed=1)
    assert told > 0 and 0 < float(objective(subject, meta.eval(), episode, settings).detach()) < before
    assert state_digest(subject.model) == digest and not any(p.grad is not None for p in subject.model.parameters())


@pytest.mark.parametrize("aim", ["full", "reviewed"])
def test_gradients_tell_of_the_harm_to_others_only_where_reviewers_asked_for_it(
    subject: Subject, faces: Faces, aim: str
) -> None:
    """Nobody's pictures to forget weigh anything here, so that what is left is validation's, where all is wrong."""
    episode, meta = requests(faces)[0], MetaLoss(SHAPE, seed=2).eval()
    right = dict(episode.forget)
    with torch.no_grad():
        right["labels"] = (subject.task.logits(subject.model, right) > 0).float()
    settings = MetaTraining(rate=1e-3, aim=aim)
    others = {**episode.validation, "labels": 1 - episode.validation["labels"]}
    asked = Episode(episode.people, episode.support, right, others, episode.retain)
    found = torch.autograd.grad(objective(subject, meta, asked, settings), list(meta.parameters()))
    assert any(bool(one.any()) for one in found) == (aim == "reviewed")


def test_learning_repeats_itself_under_a_seed(subject: Subject, faces: Faces) -> None:
    metas = [MetaLoss(SHAPE, seed=2) for _ in range(3)]
    random = torch.get_rng_state()
    seeds = (1, 1, 2)
    asked, settings = requests(faces), MetaTraining(floor=1.0)
    values = [train_meta_loss(subject, meta, asked, settings, seed=s) for meta, s in zip(metas, seeds, strict=True)]
    digests = [state_digest(meta) for meta in metas]
    assert digests[0] == digests[1] != digests[2] and values[0] == values[1] and len(values[0]) == 3
    assert torch.equal(torch.get_rng_state(), random)


def test_an_episode_without_a_wrong_answer_teaches_nothing_unless_there_is_a_floor(faces: Faces) -> None:
    whole = support_of(faces.at([0]), SCALE)
    asked = {"pixel_values": whole.pixel_values, "labels": whole.targets}
    episode = Episode((0,), whole, asked, asked, asked)
    subject = Subject.whole(learnt(faces.at([0]), steps=40).model, AttributeTask(2))
    for floor, lives in ((0.0, False), (0.1, True)):
        meta = MetaLoss(SHAPE).eval()
        found = torch.autograd.grad(
            objective(subject, meta, episode, MetaTraining(floor=floor)), list(meta.parameters())
        )
        assert any(bool(one.any()) for one in found) == lives


def test_of_one_episode_over_and_over_both_aims_of_the_authors_are_learnt(subject: Subject, faces: Faces) -> None:
    """Where half of what others show is told wrong, so that there is an error to be aligned with (decision 137)."""
    episode = requests(faces)[0]
    labels = episode.validation["labels"].clone()
    labels[::2] = 1 - labels[::2]
    others = {**episode.validation, "labels": labels}
    asked = Episode(episode.people, episode.support, episode.forget, others, episode.retain)
    for aim in ("full", "reviewed"):
        meta = MetaLoss(SHAPE, seed=2)
        settings = MetaTraining(rate=1.0, learning_rate=1e-3, floor=0.1, aim=aim)
        before = float(objective(subject, meta.eval(), asked, settings).detach())
        train_meta_loss(subject, meta, [asked] * 16, settings, seed=1)
        assert float(objective(subject, meta.eval(), asked, settings).detach()) < before / 2


def test_our_aim_compares_plain_losses_of_who_asks_with_strangers_and_of_who_stays_with_before(
    subject: Subject, faces: Faces
) -> None:
    episode, meta = requests(faces)[0], MetaLoss(SHAPE, seed=2).eval()
    settings = MetaTraining(rate=1e-9, aim="kept")
    with torch.no_grad():
        own, strangers = (
            subject.task.losses(subject.model, part).mean() for part in (episode.forget, episode.validation)
        )
    found = objective(subject, meta, episode, settings)
    assert float(found.detach()) == pytest.approx(float((own - strangers).square() / 2), rel=1e-3)
    large = objective(subject, meta, episode, MetaTraining(rate=1.0, aim="kept"))
    assert any(bool(one.any()) for one in torch.autograd.grad(large, list(meta.parameters())))


def test_average_precision_is_of_attributes_that_somebody_shows() -> None:
    labels = torch.tensor([[1.0, 0, 1], [0, 0, 1], [1, 0, 1]])
    logits = torch.tensor([[3.0, 1, 0], [2, 5, 0], [1, 0, 0]])
    assert float(mean_average_precision(logits, labels)) == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)
    assert float(mean_average_precision(logits, torch.zeros(3, 3))) == 1


def test_a_stranger_has_the_mean_of_all_embeddings() -> None:
    meta = MetaLoss(Shape(outputs=2, feature=3, people=(2, 5, 9), hidden=4, embedding=4))
    rows = meta.embedded(torch.tensor([5, 7, 2, 100]))
    table, mean = meta.embedding.weight, meta.embedding.weight.mean(0)
    assert torch.equal(rows, torch.stack([table[1], mean, table[0], mean]))
    with pytest.raises(ConfigurationError, match="rising order"):
        Shape(outputs=2, feature=3, people=(5, 2))


class Apart(nn.Module):
    """Everybody has a pixel of their own, which is their feature."""

    width = 4

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 2, bias=False)

    def features(self, pixel_values: Tensor) -> Tensor:
        return pixel_values.flatten(1)

    def forward(self, pixel_values: Tensor) -> Tensor:
        return self.head(self.features(pixel_values))


def test_the_step_changes_the_one_who_asked_and_nobody_who_has_nothing_in_common() -> None:
    torch.manual_seed(1)
    subject, pictures = Subject.whole(Apart(), AttributeTask(2)), torch.eye(4).view(4, 1, 2, 2)
    with torch.no_grad():
        before = subject.model(pictures)
    meta = MetaLoss(Shape(outputs=2, feature=4, people=(0,), hidden=16, embedding=4))
    forget_in_place(subject, meta, Support(pictures[1:2], torch.ones(1, 2), torch.zeros(1, dtype=torch.int64)))
    with torch.no_grad():
        changed = (subject.model(pictures) - before).abs().sum(1)
    assert (changed > 0).tolist() == [False, True, False, False]


def test_the_step_in_use_is_deterministic_and_may_be_a_method(subject: Subject, faces: Faces) -> None:
    meta, support = MetaLoss(SHAPE, seed=2), requests(faces)[0].support
    before, digests = subject.snapshot(), set()
    request = {"pixel_values": support.pixel_values, "labels": support.targets, "people": support.people}
    method = MetaUnlearn(meta).with_settings(rate=0.5)
    for seed in (1, 2):
        method.run(subject, Data(lambda _: iter(()), lambda _: iter([request])), Budget(1, 1.0), seed=seed)
        digests.add(state_digest(subject.model))
        subject.restore(before)
    forget_in_place(subject, meta, support, rate=0.5)
    assert digests == {state_digest(subject.model)} and meta.training
    with pytest.raises(ForgetDataMissing):
        method.run(subject, Data(lambda _: iter(())), Budget(1, 1.0), seed=1)


def test_what_cannot_be_stepped_is_refused_and_changes_nothing(subject: Subject, faces: Faces) -> None:
    meta, support = MetaLoss(SHAPE), requests(faces)[0].support
    digest = state_digest(subject.model)
    with pytest.raises(NotFinite):
        forget_in_place(subject, meta, Support(support.pixel_values * float("nan"), support.targets, support.people))
    assert state_digest(subject.model) == digest
    with pytest.raises(ConfigurationError, match="no features"):
        forget_in_place(whole_net(), meta, support)


def test_the_artefact_is_named_by_its_bytes_and_bound_to_its_model(
    subject: Subject, faces: Faces, tmp_path: Path
) -> None:
    meta = MetaLoss(SHAPE, seed=2)
    path = artefact.store(meta, subject.model, tmp_path, rate=0.25)
    assert artefact.store(meta, subject.model, tmp_path, rate=0.25) == path and list(tmp_path.iterdir()) == [path]
    found, rate = artefact.load(path, subject.model)
    assert state_digest(found) == state_digest(meta) and rate == 0.25 and not found.training
    forget_in_place(subject, meta, requests(faces)[0].support)
    with pytest.raises(DataError, match="another model"):
        artefact.load(path, subject.model)


def test_an_altered_artefact_is_refused(subject: Subject, tmp_path: Path) -> None:
    path = artefact.store(MetaLoss(SHAPE), subject.model, tmp_path, rate=0.1)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="what its name says"):
        artefact.load(path, subject.model)
    with pytest.raises(DataError, match="cannot be read"):
        artefact.load(tmp_path / "nowhere", subject.model)
