"""Gaps to the federation that never had the contributor, and the gate that each row passes or fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.harness import Interval, Result, t_interval
from benchmarks.harness.cells import Outcome
from benchmarks.unlearning.cells import reference_of
from benchmarks.unlearning.modes import ISOLATED_ORIGINAL, ORIGINAL
from benchmarks.unlearning.worlds import SPACE_BITS, World

POINTS = 100.0
WITHIN = 5.0
"""Points in which the interval of the gap under attack must lie."""
LOST = 2.0
"""Points of retained accuracy that a row may cost."""
HEADROOM_POINTS, HEADROOM_BITS = 10.0, 5.0
"""What the original must know more than the retrained, or there is nothing to forget."""


def outcomes(result: Result, world: str, row: str) -> dict[int, Outcome]:
    """Finished cells of a row, by seed."""
    return {
        cell.configuration["seed"]: cell
        for cell in result.cells
        if cell.figures is not None and (cell.configuration["world"], cell.configuration["row"]) == (world, row)
    }


def gaps(result: Result, world: str, row: str, figure: str) -> list[float]:
    """A figure less the reference's, in points, for each seed that has both."""
    return [
        POINTS * (_of(cell, figure) - _of(other, figure)) for cell, other in _beside(result, world, row)
    ]  # fmt: skip


def attack_gaps(result: Result, world: str, row: str, k: int) -> list[float]:
    """The forget figure at the attack's end less the reference's under the same attack, in points, by seed."""
    return [
        POINTS * (ends(cell, k) - ends(other, k))
        for cell, other in _beside(result, world, row)
        if str(k) in _of(cell, "attacks") and str(k) in _of(other, "attacks")
    ]


def ends(cell: Outcome, k: int) -> float:
    """The forget figure after the last step of an attack, a share."""
    return float(_of(cell, "attacks")[str(k)]["values"][-1])


def curves(result: Result, world: str, row: str, k: int) -> list[tuple[Sequence[int], Sequence[float]]]:
    """Steps and forget figures of an attack, by seed."""
    found = [_of(cell, "attacks").get(str(k)) for cell in outcomes(result, world, row).values()]
    return [(curve["steps"], curve["values"]) for curve in found if curve is not None]


def ks_of(result: Result, world: str) -> list[int]:
    """All k that some row was attacked with."""
    return sorted(
        {k for cell in result.cells if cell.configuration["world"] == world for k in cell.configuration["ks"]}
    )


def verdict(result: Result, world: str, row: str) -> str:
    """Whether a row passes: "passes", "fails: " and where, or that it did not run."""
    of_k = {k: attack_gaps(result, world, row, k) for k in ks_of(result, world)}
    ran = {k: t_interval(found) for k, found in of_k.items() if found}
    if not ran:
        return "not run"
    reasons = [f"k={k}" for k, interval in ran.items() if not _inside(interval)]
    lost = t_interval(gaps(result, world, row, "retain")).mean
    if lost is not None and -lost > LOST:
        reasons.append("retain")
    seeds = max(len(found) for found in of_k.values())
    words = "fails: " + ", ".join(reasons) if reasons else "passes"
    return words if seeds > 1 else f"{words} (one seed)"


def headroom(result: Result, world: str, isolated: bool = False) -> Interval:
    """Original less retrained on what is to be forgotten, in points."""
    return t_interval(gaps(result, world, ISOLATED_ORIGINAL if isolated else ORIGINAL, "forget"))


def void(result: Result, world: str, of: World) -> str | None:
    """Why a world's figures say nothing; None where they do."""
    mean = headroom(result, world).mean
    if mean is None:
        return None
    if of.copies:
        known = mean / POINTS * SPACE_BITS
        return None if known >= HEADROOM_BITS else f"{known:.1f} bits of exposure, {HEADROOM_BITS:.0f} are needed"
    return None if mean >= HEADROOM_POINTS else f"{mean:.1f} points, {HEADROOM_POINTS:.0f} are needed"


def _inside(interval: Interval) -> bool:
    low, high = (interval.mean if end is None else end for end in (interval.low, interval.high))
    return low is not None and high is not None and -WITHIN <= low <= high <= WITHIN


def _beside(result: Result, world: str, row: str) -> list[tuple[Outcome, Outcome]]:
    own, other = outcomes(result, world, row), outcomes(result, world, reference_of(row))
    return [(own[seed], other[seed]) for seed in sorted(own.keys() & other.keys())]


def _of(cell: Outcome, figure: str) -> Any:
    assert cell.figures is not None
    return cell.figures[figure]
