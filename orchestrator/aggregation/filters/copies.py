"""``copies``: an update that points where an earlier one does is that update sent again, whatever its length.

In phase Submit only digests are public, so nobody can copy an honest update in time; those who send one update twice
agreed on it. Whoever submitted first cannot have copied from a later one, and is kept: rejecting both would let anyone
who does get hold of an update (a leak, public data and a public seed) take its owner's out of the round with it. The
structural check applies the same rule at a fixed cosine (:func:`orchestrator.contribution.find_copies`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from orchestrator.aggregation.distances import cosines
from orchestrator.aggregation.filter import Candidate, FilterVerdict, register
from orchestrator.contribution import Reason
from orchestrator.types import MILLION, UpdateId

REASON = Reason.COPY_OF_ANOTHER.value


class Copies:
    """See the module.

    Args:
        cosine: of ΔW, in millionths, from which on the later of two is rejected.
    """

    name = "copies"

    def __init__(self, *, cosine: int) -> None:
        self.cosine = cosine

    def judge(self, candidates: Sequence[Candidate], gram: Tensor) -> Mapping[UpdateId, FilterVerdict]:
        alike = (cosines(gram) >= self.cosine / MILLION).tolist()
        return {
            item.update_id: FilterVerdict(False, 0, REASON) if any(alike[place][:place]) else FilterVerdict(True)
            for place, item in enumerate(candidates)
        }


register(Copies.name, Copies)
