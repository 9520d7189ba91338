"""What must be equal to the bit and what must be fast: the table, and the sentences on what is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.harness import Result, Table
from benchmarks.harness.tables import Value
from benchmarks.unlearning.cells import reference_of
from benchmarks.unlearning.gate import outcomes
from benchmarks.unlearning.modes import DROP, HEAL, ISOLATED_DROP, ORIGINAL, REPLAY
from benchmarks.unlearning.worlds import WORLDS

FASTER = 50
"""Times that dropping must be faster than retraining."""


def exactness(result: Result) -> Table:
    """Bits compared, times, and accuracy before and after a drop."""
    listed: list[Sequence[Value]] = []
    for name, world in WORLDS.items():
        for row in (ISOLATED_DROP, REPLAY):
            pairs = _pairs(result, name, row, "model")
            equal = sum(mine == other for mine, other in pairs)
            told = f"{equal} of {len(pairs)} seeds" if pairs else ""
            listed.append([world.title, f"`{row}` equals `{reference_of(row)}` bit by bit", told])
        ratios = _ratios(result, name)
        times = f"1/{1 / max(ratios):,.0f} of retraining" if ratios else ""
        listed.append([world.title, f"time of `{DROP}`; at most 1/{FASTER}", times])
        rounds = [cell.figures["rounds"] for cell in outcomes(result, name, ORIGINAL).values() if cell.figures]
        tests = [cell.figures["test"] for cell in outcomes(result, name, DROP).values() if cell.figures]
        if rounds and tests and rounds[0][-1] is not None:
            before = sum(found[-1] for found in rounds) / len(rounds)
            words = f"{before:.3f} → {sum(tests) / len(tests):.3f}"
            listed.append([world.title, "mean held-out accuracy with the contributor, and dropped", words])
    note = f"`{HEAL}` and methods are approximate; nothing is claimed of their bits."
    return Table("Exactness and time", ["what is to be forgotten", "what", "found"], listed, note,
                 left=frozenset({0, 1, 2}))  # fmt: skip


def inexact(result: Result, world: str) -> list[str]:
    """Sentences on a drop that is slow, and on modes that are not what training gave."""
    ratios, found = _ratios(result, world), []
    if ratios and max(ratios) > 1 / FASTER:
        found.append(f"{world}: a drop takes 1/{1 / max(ratios):.0f} of retraining, 1/{FASTER} is allowed")
    for row in (ISOLATED_DROP, REPLAY):
        own, other = outcomes(result, world, row), outcomes(result, world, reference_of(row))
        for seed in sorted(own.keys() & other.keys()):
            if (own[seed].figures or {})["model"] != (other[seed].figures or {})["model"]:
                found.append(f"{world}: {row} is not what training gave, with seed {seed}")
    return found


def _ratios(result: Result, world: str) -> list[float]:
    return [mine / other for mine, other in _pairs(result, world, DROP, "seconds")]


def _pairs(result: Result, world: str, row: str, figure: str) -> list[tuple[Any, Any]]:
    own, other = outcomes(result, world, row), outcomes(result, world, reference_of(row))
    seeds = sorted(own.keys() & other.keys())
    return [((own[seed].figures or {})[figure], (other[seed].figures or {})[figure]) for seed in seeds]
