"""``multi-krum``: of n updates, f of which may be hostile, keep those whose n−f−2 nearest neighbours are nearest.

P. Blanchard and others, "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent", NIPS 2017. Distances
are between ΔW, by Gram matrices: a member cannot move away from the others by rotating its factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from orchestrator.aggregation.distances import squared_distances
from orchestrator.aggregation.filter import Candidate, FilterVerdict, TooFewUpdates, register
from orchestrator.types import UpdateId

REASON = "KRUM_OUTLIER"


class MultiKrum:
    """See the module.

    Args:
        hostile: f, how many updates may be hostile. keep: how many are accepted, at most n − f; 0 for n − f, 1 is plain
            Krum.
    """

    name = "multi-krum"

    def __init__(self, *, hostile: int, keep: int = 0) -> None:
        self.hostile, self.keep = hostile, keep

    def judge(self, candidates: Sequence[Candidate], gram: Tensor) -> Mapping[UpdateId, FilterVerdict]:
        kept = set(nearest(squared_distances(gram), self.hostile, self.keep))
        outlier = FilterVerdict(False, 0, REASON)
        return {
            item.update_id: FilterVerdict(True) if place in kept else outlier for place, item in enumerate(candidates)
        }


def nearest(distances: Tensor, hostile: int, keep: int = 0) -> list[int]:
    """Places of the updates to keep, ascending.

    Args:
        distances: (n, n) squared. hostile: f. keep: how many, at most n − f; 0 for n − f.

    Raises:
        TooFewUpdates: n < 2f + 3, where the theorem says nothing.
    """
    count = distances.shape[0]
    if count < 2 * hostile + 3:
        raise TooFewUpdates(
            f"multi-krum against {hostile} hostile updates needs {2 * hostile + 3}, it was given {count}",
            mend="expect fewer hostile updates or ask for more in a round",
        )
    closest = torch.sort(distances, dim=1).values[:, 1 : count - hostile - 1]
    order = torch.argsort(closest.sum(dim=1), stable=True)
    most = count - hostile
    return sorted(order[: min(keep or most, most)].tolist())


register(MultiKrum.name, MultiKrum)
