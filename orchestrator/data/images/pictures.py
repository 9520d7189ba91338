"""Images in memory, and how their bytes become numbers for a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from orchestrator.errors import DataError


@dataclass(frozen=True, slots=True)
class Pictures:
    """Images and what they show.

    Attributes:
        pixels: uint8 [images, channels, height, width]. labels: int64 [images], below ``classes``.
    """

    pixels: Tensor
    labels: Tensor
    classes: int

    @classmethod
    def of(cls, pixels: np.ndarray, labels: np.ndarray, classes: int) -> Pictures:
        """From arrays of bytes.

        Raises:
            DataError: there are not as many labels as images, none at all, or a label is out of range.
        """
        if len(pixels) != len(labels) or not len(labels):
            raise DataError(f"{len(pixels)} images and {len(labels)} labels do not belong together")
        if not pixels.size:
            raise DataError(f"{len(pixels)} images have no pixels")
        if int(labels.max()) >= classes:
            raise DataError(f"a label is {int(labels.max())}, but there are {classes} classes")
        return cls(torch.from_numpy(pixels.copy()), torch.from_numpy(labels.astype(np.int64)), classes)

    @classmethod
    def joined(cls, *parts: Pictures) -> Pictures:
        """Those of all parts, one after the other; they are of one set."""
        pixels, labels = (torch.cat([getattr(part, name) for part in parts]) for name in ("pixels", "labels"))
        return cls(pixels, labels, parts[0].classes)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def channels(self) -> int:
        return int(self.pixels.shape[1])

    def at(self, places: Sequence[int] | Tensor) -> Pictures:
        """These images, in this order."""
        chosen = torch.as_tensor(places, dtype=torch.int64)
        return Pictures(self.pixels[chosen], self.labels[chosen], self.classes)

    def without(self, places: Sequence[int]) -> Pictures:
        """All but these, in order."""
        kept = torch.ones(len(self), dtype=torch.bool)
        kept[torch.as_tensor(places, dtype=torch.int64)] = False
        return self.at(kept.nonzero()[:, 0])

    def first(self, count: int, seed: int) -> Pictures:
        """So many of them, drawn by the seed; all of them where there are no more."""
        return self.at(torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))[:count])


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and standard deviation of each channel, between 0 and 1, by which pixels are normalised."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, pictures: Pictures) -> Scale:
        """Of these images; from sums of integers, so that it is the same everywhere."""
        means, spreads = zip(*(_moments(channel) for channel in pictures.pixels.unbind(1)), strict=True)
        return cls(means, spreads)

    def applied(self, pixels: Tensor) -> Tensor:
        """float32 [images, channels, height, width] on the pixels' device."""
        mean, deviation = (torch.tensor(item, device=pixels.device) for item in (self.mean, self.deviation))
        return (pixels.float() / 255 - mean[:, None, None]) / deviation[:, None, None]


def _moments(channel: Tensor) -> tuple[float, float]:
    """Mean and deviation of bytes, in units of 255; a channel of one colour has the deviation of one step."""
    counts = torch.bincount(channel.flatten(), minlength=256).tolist()
    total = sum(counts)
    mean = sum(value * count for value, count in enumerate(counts)) / total
    square = sum(value * value * count for value, count in enumerate(counts)) / total
    return mean / 255, max(square - mean * mean, 1.0) ** 0.5 / 255
