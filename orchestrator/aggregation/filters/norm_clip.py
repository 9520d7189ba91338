"""``norm-clip``: no update weighs more than a factor times the median length of the round's.

Z. Sun and others, "Can You Really Backdoor Federated Learning?", arXiv 1911.07963: updates are clipped to a norm. Here
the norm follows from the round, so that nobody has to guess it, and clipping is a weight cap: nothing is sent again.

The median is over all updates, the judged one included. With f < n/2 hostile ones it lies between the shortest and the
longest honest update; the median of only the others would not (one honest and one tiny hostile other of n = 3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from torch import Tensor

from orchestrator.aggregation.filter import Candidate, FilterVerdict, register
from orchestrator.types import MILLION, UpdateId


class NormClip:
    """See the module. It rejects nothing.

    Args:
        factor: of the median length, in millionths.
    """

    name = "norm-clip"

    def __init__(self, *, factor: int) -> None:
        self.factor = factor

    def judge(self, candidates: Sequence[Candidate], gram: Tensor) -> Mapping[UpdateId, FilterVerdict]:
        lengths = gram.diagonal().clamp(min=0).sqrt().tolist()
        most = self.factor * sorted(lengths)[(len(lengths) - 1) // 2] if lengths else 0.0
        return {
            item.update_id: FilterVerdict(True, cap(most, length))
            for item, length in zip(candidates, lengths, strict=True)
        }


def cap(most: float, length: float) -> int:
    """min(1, most / length) in millionths, rounded down; 1 for an update that changes nothing.

    Args:
        most: the longest allowed, times a million.
    """
    return min(MILLION, math.floor(most / length)) if length else MILLION


register(NormClip.name, NormClip)
