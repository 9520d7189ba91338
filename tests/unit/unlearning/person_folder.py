"""A model of made people in a folder, with a meta-loss that was not taught: what it does is known, not good."""

from __future__ import annotations

from pathlib import Path

import torch

from orchestrator.data.images.faces import Faces
from orchestrator.unlearning.person import folder as folders
from orchestrator.unlearning.person.admission import FaceSpace
from orchestrator.unlearning.person.meta_loss import MetaLoss, Shape
from orchestrator.unlearning.subject import Subject
from tests.unit.unlearning.people import NAMES, SCALE, SIDE, learnt

PEOPLE = 8


def alike(count: int, each: int = 4) -> Faces:
    """Bright in the middle, as all faces are; a person is a faint pattern, an attribute brightens its half."""
    generator = torch.Generator().manual_seed(0)
    people = torch.arange(count).repeat_interleave(each)
    way = torch.linspace(-1, 1, SIDE)
    template = 140 * torch.exp(-2 * (way.view(-1, 1).square() + way.square()))
    own = torch.randint(-12, 13, (count, 1, SIDE, SIDE), generator=generator)[people]
    labels = torch.randint(2, (len(people), 2), generator=generator)
    bright = torch.zeros_like(own)
    bright[..., : SIDE // 2] += 30 * labels[:, 0].view(-1, 1, 1, 1)
    bright[..., SIDE // 2 :] += 30 * labels[:, 1].view(-1, 1, 1, 1)
    noise = torch.randint(0, 12, own.shape, generator=generator)
    pixels = (template + 30 + own + bright + noise).clamp(0, 255).to(torch.uint8)
    return Faces(pixels, people, labels.float(), NAMES)


FACES = alike(PEOPLE + 4)


def trained_model() -> Subject:
    """On the first eight people."""
    return learnt(FACES.of(range(PEOPLE)), steps=25)


def make_folder(place: Path, model: Subject, *, rate: float = 1e-4, budget: float = 2.0, step: float = 2.0) -> Path:
    """A folder whose one step is as large as the rate says."""
    training, others = FACES.of(range(PEOPLE)), FACES.of(range(PEOPLE, PEOPLE + 4))
    about = folders.About(
        "cnn", NAMES, 1, SIDE, SIDE, SCALE.mean, SCALE.deviation, step_points=step, budget_points=budget
    )
    meta = MetaLoss(Shape(2, 64, tuple(range(PEOPLE)), hidden=16, embedding=4), seed=2)
    space = FaceSpace.of(training, others, model.model, SCALE)
    folders.create(place, about, model.model, meta, rate, space, training)
    return place


def picture(number: int) -> torch.Tensor:
    """A picture that is in nobody's set: person 0 once more, with other noise."""
    generator = torch.Generator().manual_seed(100 + number)
    noise = torch.randint(-6, 7, (1, 1, SIDE, SIDE), generator=generator)
    return (FACES.pixels[:1].int() + noise).clamp(0, 255).to(torch.uint8)
