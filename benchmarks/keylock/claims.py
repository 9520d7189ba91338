"""The limits, and whether a result keeps them: tables and the exit code say the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks.harness import Outcome, Result

MOST = 1.05
"""Times the training without a lock; LeNet is only printed."""
LEAST = 300.0
"""MB a second of one core."""
LIMITED = ("resnet20", "smollm2")


@dataclass(frozen=True, slots=True)
class Limit:
    """``found`` is None where nothing was measured."""

    what: str
    wanted: str
    found: float | None
    kept: bool

    @property
    def verdict(self) -> str:
        if self.found is None:
            return "not run"
        return "holds" if self.kept else "does not hold"


def limits(result: Result) -> Iterator[Limit]:
    for net in LIMITED:
        ratio = figure_of(result, "ratio", part="time", net=net)
        yield Limit(f"training time of {net}, times", f"≤ {MOST}", ratio, ratio is not None and ratio <= MOST)
    for way, word in (("seal", "sealing"), ("open", "opening")):
        speeds = _speeds(result, way)
        found = median(speeds) if speeds else None
        yield Limit(f"{word}, MB a second of a core", f"≥ {LEAST:g}", found, found is not None and found >= LEAST)


def broken(result: Result) -> list[str]:
    """A sentence for each limit that a measured figure breaks."""
    return [
        f"{item.what}: {item.found:.3g}, {item.wanted} was asked for"
        for item in limits(result)
        if item.found is not None and not item.kept
    ]


def cells_of(result: Result, **where: object) -> list[Outcome]:
    """Finished cells whose configuration agrees."""
    return [
        cell
        for cell in result.cells
        if cell.figures is not None and all(cell.configuration.get(name) == value for name, value in where.items())
    ]


def figure_of(result: Result, name: str, **where: object) -> float | None:
    """One figure of the first such cell."""
    found = cells_of(result, **where)
    return None if not found or found[0].figures is None else float(found[0].figures[name])


def _speeds(result: Result, way: str) -> list[float]:
    return [value for cell in cells_of(result, part="sealing") for value in (cell.figures or {})[way]]
