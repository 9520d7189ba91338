"""Updates as points of a plane or a space: a filter sees nothing of them but their inner products."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from orchestrator.aggregation.filters import Candidate, FilterVerdict, filter_named
from orchestrator.contribution import AdapterDelta
from orchestrator.types import UpdateId
from tests.unit.contribution.make import BASE, PARENT

NOTHING = AdapterDelta(BASE, PARENT, {})


def candidates(count: int) -> list[Candidate]:
    return [Candidate(UpdateId(str(place)), NOTHING) for place in range(count)]


def gram_of(points: Sequence[Sequence[float]]) -> Tensor:
    places = torch.tensor(points, dtype=torch.float64)
    return places @ places.T


def judged(name: str, points: Sequence[Sequence[float]], **settings: int) -> dict[int, FilterVerdict]:
    """Verdicts of one filter by place."""
    found = filter_named(name, **settings).judge(candidates(len(points)), gram_of(points))
    return {int(update_id): verdict for update_id, verdict in found.items()}


def refused(name: str, points: Sequence[Sequence[float]], **settings: int) -> list[int]:
    return [place for place, verdict in judged(name, points, **settings).items() if not verdict.accept]
