"""The model itself, for checks that look into it, change its inputs, or hold it beside folds without somebody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from orchestrator.attacks.backdoor.folds import Kept
from orchestrator.data.prepare import Samples
from orchestrator.errors import DataError

BATCH = 64


@dataclass(frozen=True, slots=True)
class Images:
    """Pictures with labels: ``pixels`` float32 in [0, 1], [samples, channels, height, width]; ``labels`` int64."""

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Opened:
    """A classifier with its weights, as an outsider has it once it is released.

    Attributes:
        model: of transformers, or a network from pixels to logits; in evaluation mode.
        classes: that it tells apart. tokenizer: None for images.
        data: samples by the name of their set. folds: of the model without each organisation; None if not given.
    """

    model: Any
    classes: int
    data: Mapping[str, Samples | Images]
    tokenizer: Any = None
    folds: Kept | None = None

    def texts(self, name: str) -> Samples:
        """A set of texts. DataError: it is none."""
        found = self.data.get(name)
        if not isinstance(found, Samples):
            raise DataError(f"release.{name} holds no texts")
        return found

    def images(self, name: str) -> Images:
        """A set of pictures. DataError: it is none."""
        found = self.data.get(name)
        if not isinstance(found, Images):
            raise DataError(f"release.{name} holds no pictures")
        return found


def some(samples: Samples, start: int, stop: int | None) -> Samples:
    """Some rows, cut to the longest of them."""
    rows = slice(start, stop)
    width = int(samples.mask[rows].sum(1).max()) if len(samples.mask[rows]) else 0
    return Samples(samples.tokens[rows, :width], samples.mask[rows, :width], samples.labels[rows])


def text_classes(model: Any, samples: Samples) -> Tensor:
    """The class that a transformers classifier gives each text, int64 [samples]."""
    return in_parts(len(samples), lambda start, stop: _logits(model, some(samples, start, stop)).argmax(1))


def image_classes(model: Callable[[Tensor], Tensor], pixels: Tensor) -> Tensor:
    """The class that a network gives each picture, int64 [samples]."""
    return in_parts(len(pixels), lambda start, stop: model(pixels[start:stop]).argmax(1))


def in_parts(count: int, part: Callable[[int, int], Tensor]) -> Tensor:
    """``part(start, stop)`` of some rows at a time, without gradients, one after the other."""
    with torch.no_grad():
        return torch.cat([part(start, min(start + BATCH, count)) for start in range(0, count, BATCH)])


def _logits(model: Any, samples: Samples) -> Tensor:
    found: Tensor = model(input_ids=samples.tokens, attention_mask=samples.mask).logits
    return found
