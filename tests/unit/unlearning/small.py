"""Models of a few numbers that learn in no time, and data to keep and to forget."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from orchestrator.unlearning.subject import Batch, Batches, Budget, Data, Subject
from orchestrator.unlearning.tasks import ImageTask

CLASSES = 3
BUDGET = Budget(steps=4, learning_rate=1e-2)


class Block(nn.Module):
    """Convolution, batch norm, dropout, and a way around them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.relu(self.drop(self.norm(self.conv(x))))


class SmallNet(nn.Module):
    """Two blocks between a stem and a head: (samples, 1, 4, 4) to three classes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 1)
        self.blocks = nn.ModuleList(Block(4) for _ in range(2))
        self.head = nn.Linear(4, CLASSES)

    def forward(self, pixel_values: Tensor) -> Tensor:
        x = self.stem(pixel_values)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))


def images(seed: int, count: int, label: int | None = None) -> Batch:
    """So many pictures with labels, all of one class if it is given."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (count,), generator=generator)
    if label is not None:
        labels = torch.full((count,), label)
    pictures = torch.randn(count, 1, 4, 4, generator=generator) + labels.view(-1, 1, 1, 1)
    return {"pixel_values": pictures, "labels": labels}


def endless(whole: Batch, size: int) -> Batches:
    """Batches of a set, each time in an order of the seed's."""

    def batches(seed: int) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(seed % 2**32)
        while True:
            order = torch.randperm(len(whole["labels"]), generator=generator)
            for rows in order.split(size):
                yield {name: tensor[rows] for name, tensor in whole.items()}

    return batches


def data(size: int = 4) -> Data:
    """Twelve pictures to keep and six of class 0 to forget."""
    return Data(endless(images(1, 12), size), endless(images(2, 6, 0), size))


def whole_net(seed: int = 3) -> Subject:
    """All of a small network."""
    torch.manual_seed(seed)
    return Subject.whole(SmallNet(), ImageTask(CLASSES))


def adapted_net(seed: int = 3) -> Subject:
    """The same with only the blocks' convolutions and the head adapted, a bit away from their base."""
    subject = whole_net(seed)
    names = ("blocks.0.conv.weight", "blocks.1.conv.weight", "head.weight")
    there = dict(subject.model.named_parameters())
    base = {name: there[name].detach().clone() for name in names}
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name in names:
            there[name].add_(0.1 * torch.randn(there[name].shape, generator=generator))
    return Subject(subject.model, subject.task, names, base)


def state(subject: Subject) -> dict[str, Tensor]:
    """Every tensor of a model, copied."""
    return {name: tensor.detach().clone() for name, tensor in subject.model.state_dict().items()}


def differing(one: dict[str, Tensor], other: dict[str, Tensor]) -> set[str]:
    """Names whose bits differ."""
    return {name for name, tensor in one.items() if not torch.equal(tensor, other[name])}
