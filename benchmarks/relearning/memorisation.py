"""Which images are memorised: confidence of networks that saw one, less that of networks that did not.

A proxy for the memorisation score of Feldman and Zhang (arXiv 2008.03703), which takes thousands of networks: here
eight small ones, in pairs, each trained on one half of the images and its twin on the other.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def half(images: int, number: int, seed: int) -> Tensor:
    """bool [images]: what network ``number`` is trained on; of the numbers 2n and 2n + 1 each image is in one."""
    order = torch.randperm(images, generator=torch.Generator().manual_seed(1_000_003 * seed + number // 2))
    inside = torch.zeros(images, dtype=torch.bool)
    inside[order[: images // 2]] = True
    return inside if number % 2 == 0 else ~inside


def memorisation(confidences: Sequence[Tensor], inside: Sequence[Tensor]) -> Tensor:
    """Mean confidence of the networks that saw an image less that of the others, float64 [images].

    Args:
        confidences: of each network, [images]. inside: of each network, bool [images].
    """
    sure, seen = torch.stack(list(confidences)).double(), torch.stack(list(inside)).double()
    return (sure * seen).sum(0) / seen.sum(0) - (sure * (1 - seen)).sum(0) / (1 - seen).sum(0)


def most_memorised(scores: Tensor, labels: Tensor, label: int, share: float) -> list[int]:
    """Places of that share of a class's images, those with the highest scores, in rising order; at least one."""
    places = [place for place, own in enumerate(labels.tolist()) if own == label]
    places.sort(key=lambda place: (-float(scores[place]), place))
    return sorted(places[: max(1, round(share * len(places)))])
