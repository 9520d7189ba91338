"""``median-distance``: reject what lies much farther from most others than updates of the round usually do.

Each update's figure is the lower median of its distances to the others, and the limit is a factor times the lower
median of these figures. It withstands any f < n/2 hostile updates (``docs/methods/filters.md`` has the argument): an
honest update's figure is at most the largest distance between honest ones, and a hostile one's is at least its distance
to the nearest honest one, for at most f − 1 accomplices cannot fill half of its neighbours. Distances from the medoid
would not do: f close accomplices can make one of themselves the medoid.

In the spirit of P. Rousseeuw and C. Croux, "Alternatives to the Median Absolute Deviation", JASA 1993.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from orchestrator.aggregation.distances import squared_distances
from orchestrator.aggregation.filter import Candidate, FilterVerdict, TooFewUpdates, register
from orchestrator.types import MILLION, UpdateId

REASON = "FAR_FROM_MOST"
LEAST = 3


class MedianDistance:
    """See the module.

    Args:
        factor: in millionths.
    """

    name = "median-distance"

    def __init__(self, *, factor: int) -> None:
        self.factor = factor

    def judge(self, candidates: Sequence[Candidate], gram: Tensor) -> Mapping[UpdateId, FilterVerdict]:
        if len(candidates) < LEAST:
            raise TooFewUpdates(
                f"median-distance needs {LEAST} updates, it was given {len(candidates)}",
                mend="ask for more updates in a round",
            )
        apart = median_distances(squared_distances(gram))
        most = self.factor / MILLION * float(torch.sort(apart).values[(len(apart) - 1) // 2])
        return {
            item.update_id: FilterVerdict(True) if own <= most else FilterVerdict(False, 0, REASON)
            for item, own in zip(candidates, apart.tolist(), strict=True)
        }


def median_distances(squared: Tensor) -> Tensor:
    """(n,): the lower median of each one's distances to the others.

    Args:
        squared: (n, n) squared distances, n at least 2.
    """
    others = torch.sort(squared.clone().fill_diagonal_(-1), dim=1).values[:, 1:]
    return others[:, (others.shape[1] - 1) // 2].sqrt()


register(MedianDistance.name, MedianDistance)
