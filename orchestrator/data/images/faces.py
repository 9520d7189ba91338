"""Pictures of people: who is on each, and what it shows. Splits keep every person on one side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.errors import ConfigurationError, DataError

SHARES = (0.6, 0.2, 0.2)
"""Of people for training, validation and test, as MetaUnlearn splits them (arXiv 2407.12069)."""


@dataclass(frozen=True, slots=True)
class Faces:
    """Pictures of people.

    Attributes:
        pixels: uint8 [faces, channels, height, width].
        people: int64 [faces], who it is; numbers mean nothing but sameness.
        labels: float32 [faces, attributes] of 0 and 1, or int64 [faces], one class each.
        names: of the attributes or of the classes.
        sure: uint8 like ``labels`` from 0, disputed, to 2, sure; None where a set does not say.
    """

    pixels: Tensor
    people: Tensor
    labels: Tensor
    names: tuple[str, ...]
    sure: Tensor | None = None

    def __post_init__(self) -> None:
        counts = {len(self.pixels), len(self.people), len(self.labels)} | (
            {len(self.sure)} if self.sure is not None else set()
        )
        if len(counts) != 1 or not len(self.people):
            raise DataError(f"{sorted(counts)} pictures, people and labels do not belong together")
        if self.labels.ndim == 2 and self.labels.shape[1] != len(self.names):
            raise DataError(f"{self.labels.shape[1]} labels a picture and {len(self.names)} names of attributes")
        if self.labels.ndim == 1 and int(self.labels.max()) >= len(self.names):
            raise DataError(f"a label is {int(self.labels.max())}, but there are {len(self.names)} classes")

    def __len__(self) -> int:
        return len(self.people)

    def at(self, places: Sequence[int] | Tensor) -> Faces:
        """These pictures, in this order.

        Raises:
            DataError: there are none.
        """
        chosen = torch.as_tensor(places, dtype=torch.int64)
        sure = None if self.sure is None else self.sure[chosen]
        return Faces(self.pixels[chosen], self.people[chosen], self.labels[chosen], self.names, sure)

    def of(self, people: Sequence[int]) -> Faces:
        """All pictures of these people, in order.

        Raises:
            DataError: there are none.
        """
        return self.at(self._is_of(people).nonzero()[:, 0])

    def without(self, people: Sequence[int]) -> Faces:
        """All pictures of everybody else, in order.

        Raises:
            DataError: there are none.
        """
        return self.at((~self._is_of(people)).nonzero()[:, 0])

    def resized(self, height: int, width: int) -> Faces:
        """The same pictures with so many pixels, each the mean of what it covers.

        Raises:
            ConfigurationError: a side is no natural number.
        """
        if min(height, width) < 1:
            raise ConfigurationError(f"no picture of {height}×{width} pixels", mend="give natural numbers")
        smaller = functional.interpolate(self.pixels.float(), (height, width), mode="area")
        pixels = smaller.round().clamp(0, 255).to(torch.uint8)
        return Faces(pixels, self.people, self.labels, self.names, self.sure)

    def _is_of(self, people: Sequence[int]) -> Tensor:
        return torch.isin(self.people, torch.as_tensor(people, dtype=torch.int64))


@dataclass(frozen=True, slots=True)
class People:
    """Who is in which part; nobody is in two."""

    training: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


def split_people(people: Tensor, seed: int, shares: Sequence[float] = SHARES) -> People:
    """Everybody into one of three parts, drawn by the seed.

    Args:
        people: as in :class:`Faces`. shares: of the three parts; they sum to 1.

    Raises:
        ConfigurationError: the shares are none. DataError: there are too few people for three parts.
    """
    if len(shares) != 3 or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
        raise ConfigurationError(f"shares {list(shares)} are no parts of a whole", mend="give three that sum to 1")
    known = sorted(set(people.tolist()))
    drawn = torch.randperm(len(known), generator=torch.Generator().manual_seed(seed)).tolist()
    first = round(shares[0] * len(known))
    second = first + round(shares[1] * len(known))
    parts = (drawn[:first], drawn[first:second], drawn[second:])
    if not all(parts):
        raise DataError(f"{len(known)} people are too few for three parts of {list(shares)}", mend="give more people")
    return People(*(tuple(sorted(known[place] for place in part)) for part in parts))
