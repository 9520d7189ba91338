"""People, each a pattern with noise, whose attributes brighten halves of the picture, and a model that learns them."""

from __future__ import annotations

import torch

from orchestrator.data.images.faces import Faces
from orchestrator.data.images.pictures import Scale
from orchestrator.models.faces import face_model
from orchestrator.unlearning.person.episodes import batch_of
from orchestrator.unlearning.subject import Subject
from orchestrator.unlearning.tasks import AttributeTask

SIDE = 8
SCALE = Scale((0.5,), (0.25,))
NAMES = ("left", "right")


def some_people(count: int, each: int = 4, seed: int = 0) -> Faces:
    """Each has a pattern; an attribute brightens the half of the picture that it is named by."""
    generator = torch.Generator().manual_seed(seed)
    people = torch.arange(count).repeat_interleave(each)
    patterns = torch.randint(40, 160, (count, 1, SIDE, SIDE), generator=generator)[people]
    labels = torch.randint(2, (len(people), 2), generator=generator)
    bright = torch.zeros_like(patterns)
    bright[..., : SIDE // 2] += 60 * labels[:, 0].view(-1, 1, 1, 1)
    bright[..., SIDE // 2 :] += 60 * labels[:, 1].view(-1, 1, 1, 1)
    noise = torch.randint(0, 20, patterns.shape, generator=generator)
    return Faces((patterns + bright + noise).to(torch.uint8), people, labels.float(), NAMES)


def learnt(faces: Faces, *, steps: int = 12, name: str = "cnn") -> Subject:
    """A network after some steps of Adam on all pictures."""
    subject = Subject.whole(face_model(name, 2, height=SIDE, width=SIDE, seed=5), AttributeTask(2))
    optimizer = torch.optim.Adam(subject.model.parameters(), lr=3e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = subject.task.losses(subject.model, batch_of(faces, SCALE)).mean()
        torch.autograd.backward(loss)
        optimizer.step()
    subject.model.eval()
    return subject
