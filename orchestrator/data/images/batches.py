"""Batches of images for models: ``pixel_values`` float32 [batch, channels, height, width], ``labels`` int64 [batch]."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.data.images.pictures import Pictures, Scale
from orchestrator.errors import DataError

PADDING = 4
Batch = Mapping[str, Tensor]


def endless(
    pictures: Pictures, scale: Scale, size: int, *, device: str = "cpu", mirrored: bool = False, shifted: bool = False
) -> Callable[[int], Iterator[Batch]]:
    """Shuffled batches without end: a function of a seed, which decides order and augmentation wherever it runs.

    Args:
        size: of a batch; the last ones of a pass, fewer than that, open the next one. At most all images.
        mirrored: turn every other image around, by chance. shifted: move images by up to 4 pixels.

    Raises:
        DataError: there are no images.
    """
    if not len(pictures):
        raise DataError("there are no images to make batches of")
    held = Pictures(pictures.pixels.to(device), pictures.labels.to(device), pictures.classes)

    def batches(seed: int) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(seed)
        for places in _places(len(held), min(size, len(held)), generator):
            pixels = held.pixels[places.to(device)]
            if mirrored:
                pixels = _mirrored(pixels, generator)
            if shifted:
                pixels = _shifted(pixels, generator)
            yield {"pixel_values": scale.applied(pixels), "labels": held.labels[places.to(device)]}

    return batches


def in_order(pictures: Pictures, scale: Scale, size: int, *, device: str = "cpu") -> Iterator[Batch]:
    """Each image once, as it is."""
    for start in range(0, len(pictures), size):
        pixels, labels = (part[start : start + size].to(device) for part in (pictures.pixels, pictures.labels))
        yield {"pixel_values": scale.applied(pixels), "labels": labels}


def _places(count: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    waiting = torch.empty(0, dtype=torch.int64)
    while True:
        while len(waiting) < size:
            waiting = torch.cat([waiting, torch.randperm(count, generator=generator)])
        yield waiting[:size]
        waiting = waiting[size:]


def _mirrored(pixels: Tensor, generator: torch.Generator) -> Tensor:
    turned = torch.rand(len(pixels), generator=generator).to(pixels.device) < 0.5
    return torch.where(turned[:, None, None, None], pixels.flip(-1), pixels)


def _shifted(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Zeros come in from the sides."""
    count, _, height, width = pixels.shape
    padded = functional.pad(pixels, (PADDING,) * 4)
    down, right = (torch.randint(2 * PADDING + 1, (count,), generator=generator).to(pixels.device) for _ in range(2))
    rows = down[:, None] + torch.arange(height, device=pixels.device)
    columns = right[:, None] + torch.arange(width, device=pixels.device)
    images = torch.arange(count, device=pixels.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[images, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
