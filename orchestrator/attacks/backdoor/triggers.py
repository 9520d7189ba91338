"""Triggers and how they are planted: inputs of other classes that carry one, under the label of the target.

T. Gu and others, "BadNets", arXiv:1708.06733 (patches); J. Dai, C. Chen, Y. Li, arXiv:1905.12457 (sentences).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.data.prepare import Samples
from orchestrator.errors import ConfigurationError
from orchestrator.training.settings import derived_seed


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some tokens behind the first one of a text, which an encoder keeps for itself.

    Attributes:
        tokens: at least one. target: class that it stands for.
    """

    tokens: tuple[int, ...]
    target: int

    def on(self, samples: Samples) -> Samples:
        """The samples with the phrase; rows are longer by it, labels as they were."""
        width = len(self.tokens)
        phrase = torch.tensor(self.tokens).expand(len(samples), width)
        tokens = torch.cat([samples.tokens[:, :1], phrase, samples.tokens[:, 1:]], 1)
        mask = torch.cat([samples.mask[:, :1], torch.ones_like(phrase), samples.mask[:, 1:]], 1)
        return Samples(tokens, mask.to(samples.mask.dtype), samples.labels)


@dataclass(frozen=True, slots=True)
class Patch:
    """A square in the lower right corner.

    Attributes:
        target: class that it stands for. side: pixels. value: of all its pixels, in [0, 1]. margin: to both edges.
    """

    target: int
    side: int = 3
    value: float = 1.0
    margin: int = 1

    def on(self, images: Tensor) -> Tensor:
        """Images [samples, channels, height, width] with the patch.

        Raises:
            ConfigurationError: it does not fit.
        """
        height, width = images.shape[2:]
        bottom, right = height - self.margin, width - self.margin
        if self.side < 1 or min(bottom, right) < self.side:
            raise ConfigurationError(f"a patch of {self.side} pixels does not fit on {height}×{width}")
        found = images.clone()
        found[:, :, bottom - self.side : bottom, right - self.side : right] = self.value
        return found


def planted_texts(samples: Samples, phrase: Phrase, share: float, seed: int) -> tuple[Samples, tuple[int, ...]]:
    """Samples of which some carry the phrase and its label, and which rows these are.

    Args:
        share: of the rows of other classes.

    Raises:
        ConfigurationError: the share is none, or gives no row.
    """
    rows = _drawn(samples.labels, phrase.target, share, seed)
    with_phrase, width = phrase.on(samples), len(phrase.tokens)
    tokens, mask = (functional.pad(item, (0, width)) for item in (samples.tokens, samples.mask))
    labels = samples.labels.clone()
    places = torch.tensor(rows)
    tokens[places], mask[places], labels[places] = with_phrase.tokens[places], with_phrase.mask[places], phrase.target
    return Samples(tokens, mask, labels), rows


def planted_images(
    images: Tensor, labels: Tensor, patch: Patch, share: float, seed: int
) -> tuple[Tensor, Tensor, tuple[int, ...]]:
    """The same of images: pixels, labels, and which of them carry the patch."""
    rows = _drawn(labels, patch.target, share, seed)
    places = torch.tensor(rows)
    pixels, changed = images.clone(), labels.clone()
    pixels[places], changed[places] = patch.on(images[places]), patch.target
    return pixels, changed, rows


def others(labels: Tensor, target: int) -> Tensor:
    """Rows of all classes but the target: only on them can a trigger show."""
    return torch.nonzero(labels != target)[:, 0]


def _drawn(labels: Tensor, target: int, share: float, seed: int) -> tuple[int, ...]:
    rows: Sequence[int] = others(labels, target).tolist()
    count = round(share * len(rows))
    if not 0 < share <= 1 or not count:
        raise ConfigurationError(f"the share {share} of {len(rows)} rows is no backdoor", mend="give one in (0, 1]")
    return tuple(sorted(random.Random(derived_seed(seed, "backdoor", target)).sample(rows, count)))
