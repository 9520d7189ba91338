"""One module for each part of what is measured; :func:`measure` finds it by the cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import benchmarks.gas.parts.private as private
import benchmarks.gas.parts.revocations as revocations
import benchmarks.gas.parts.rounds as rounds
from benchmarks.gas.parts import anchoring, artefacts, awards, deploying, governance, naive, public

PARTS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "deploying": deploying.measure,
    "governance": governance.measure,
    "anchoring by signatures": anchoring.by_signatures,
    "anchoring by updates": anchoring.by_updates,
    "publishing by distance": awards.by_distance,
    "awards": awards.measure,
    "other public": public.measure,
    "keys and rounds": private.measure,
    "revocations": revocations.measure,
    "artefacts": artefacts.measure,
    "naive": naive.measure,
    "round": rounds.measure,
}


def measure(cell: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of one cell: ``part``, and arguments of that part."""
    return PARTS[cell["part"]](**{name: value for name, value in cell.items() if name != "part"})
