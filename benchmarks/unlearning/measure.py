"""One cell: what a mode or a method makes of a case, and what an attacker brings back of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmarks.harness import Configuration, Figures
from benchmarks.unlearning import methods
from benchmarks.unlearning.attack import attacked
from benchmarks.unlearning.cases import case_of
from benchmarks.unlearning.cells import TUNING_SEED
from benchmarks.unlearning.modes import BUILDERS, ISOLATED_ORIGINAL, ORIGINAL, Cost
from benchmarks.unlearning.place import Place
from benchmarks.unlearning.trained import trained


def work(cell: Configuration) -> Figures:
    """Figures of one model.

    Returns:
        ``forget``, ``retain``, ``test`` and ``auc`` (:meth:`benchmarks.unlearning.case.Case.figures`); ``model``: a
        digest of its bits; ``seconds`` and ``payload`` of what was done; ``attacks``: curves by k; of the federations
        ``rounds``: mean held-out accuracy by round; of a method ``strength``, ``kept``, ``seconds of tuning``.
    """
    case, row = case_of(cell["world"], cell["seed"]), cell["row"]
    place = Place(case)
    cost, about = _built(place, row)
    return {
        **case.figures(place.model),
        **asdict(cost),
        **about,
        "model": place.digest(),
        "attacks": {str(k): attacked(place, k) for k in cell["ks"]},
    }


def _built(place: Place, row: str) -> tuple[Cost, dict[str, Any]]:
    if row not in BUILDERS:
        cost, found = methods.apply(place, row, case_of(place.case.name, TUNING_SEED))
        return cost, {f"{name} of tuning" if name == "seconds" else name: value for name, value in found.items()}
    cost = BUILDERS[row](place)
    if row not in (ORIGINAL, ISOLATED_ORIGINAL):
        return cost, {}
    return cost, {"rounds": list(trained(place.case, _lineage(row), "original").rounds)}


def _lineage(row: str) -> Any:
    return "isolated" if row == ISOLATED_ORIGINAL else "chained"
