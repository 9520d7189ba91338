"""What a result says about each attack on each network, image by image, and shares with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.harness import Result
from benchmarks.harness.intervals import t_quantile
from orchestrator.attacks.inversion.metrics import SUCCESS

NORMAL = t_quantile(0.975, 10**6)
"""1.96: Student's t of so many degrees of freedom is the normal distribution."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    data: str
    network: str
    method: str
    knowledge: str

    @property
    def place(self) -> str:
        return f"{self.network}, {self.data}"


def lines(result: Result) -> list[Line]:
    """All attacks of a result, in the order of its plan."""
    found = (cell.configuration for cell in result.cells if cell.configuration["part"] == "attack")
    return list(dict.fromkeys(Line(*(cell[name] for name in Line.__slots__)) for cell in found))


def gained(result: Result, line: Line) -> list[dict[str, Any]]:
    """What was gained of each image, of all finished cells of a line."""
    cells = [cell for cell in result.cells if cell.figures and cell.configuration["part"] == "attack"]
    own = [cell for cell in cells if all(cell.configuration[name] == getattr(line, name) for name in Line.__slots__)]
    return [item for cell in own for item in (cell.figures or {})["gained"]]


def values(result: Result, line: Line, name: str) -> list[float]:
    """``ssim``, ``psnr`` or ``seconds``, image by image."""
    return [float(item[name]) for item in gained(result, line)]


def successes(result: Result, line: Line) -> tuple[int, int]:
    """How many images came back, of how many."""
    found = values(result, line, "ssim")
    return sum(value >= SUCCESS for value in found), len(found)


def mean(numbers: Sequence[float]) -> float:
    """Of at least one number."""
    return math.fsum(numbers) / len(numbers)


def wilson(right: int, count: int) -> tuple[float, float]:
    """E. B. Wilson's 95 % interval of a share, which does not shrink to a point where all or none are right."""
    share, squared = right / count, NORMAL * NORMAL
    middle = (share + squared / (2 * count)) / (1 + squared / count)
    half = NORMAL * math.sqrt(share * (1 - share) / count + squared / (4 * count * count)) / (1 + squared / count)
    return max(0.0, middle - half), min(1.0, middle + half)
