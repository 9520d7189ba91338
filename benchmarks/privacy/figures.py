"""What a result says about each row: what it costs in use, and what the strongest attacker got."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.harness import Outcome, Result
from benchmarks.privacy.attackers import CHANCE
from benchmarks.privacy.sizes import Row, row_of

SUCCESS = {"fashion": "ssim", "vader": "recall", "sotu": "recall"}
"""What an attack is judged by."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attacker of a row: its name, and of each text or image what it got."""

    attacker: str
    gained: tuple[float, ...]
    figures: dict[str, Any]

    @property
    def mean(self) -> float:
        return mean(self.gained)


def listed(result: Result, data: str) -> list[Row]:
    """The rows of a list, in the order of the plan."""
    return list(dict.fromkeys(row_of(cell.configuration) for cell in _of(result, "use", data)))


def data_of(result: Result) -> list[str]:
    """Which lists there are."""
    return list(dict.fromkeys(cell.configuration["data"] for cell in result.cells))


def used(result: Result, data: str, row: Row) -> list[dict[str, Any]]:
    """Figures of a row's federations, one a seed."""
    cells = [cell for cell in _of(result, "use", data) if row_of(cell.configuration) == row]
    return [dict(cell.figures) for cell in cells if cell.figures is not None]


def attempts(result: Result, data: str, row: Row) -> list[Attempt]:
    """All attackers of a row that were measured."""
    found = []
    for cell in _of(result, "attack", data):
        if row_of(cell.configuration) == row and cell.figures is not None:
            gained = tuple(float(value) for value in cell.figures[SUCCESS[data]])
            found.append(Attempt(cell.configuration["attacker"], gained, dict(cell.figures)))
    return found


def strongest(result: Result, data: str, row: Row) -> Attempt | None:
    """The attacker that got most on average; who looks at nothing is none."""
    real = [item for item in attempts(result, data, row) if item.attacker != CHANCE]
    return max(real, key=lambda item: item.mean) if real else None


def chance(result: Result, data: str, row: Row) -> Attempt | None:
    """Who looks at nothing; images have no such."""
    return next((item for item in attempts(result, data, row) if item.attacker == CHANCE), None)


def ends(result: Result, data: str, row: Row) -> list[float]:
    """Utility after the last round, one a seed: accuracy in percent, or loss in nats a token."""
    factor = 100.0 if data == "vader" else 1.0
    return [factor * item["curve"][-1] for item in used(result, data, row)]


def mean(values: Sequence[float]) -> float:
    """Of at least one number."""
    return math.fsum(values) / len(values)


def _of(result: Result, part: str, data: str) -> list[Outcome]:
    return [cell for cell in result.cells if (cell.configuration["part"], cell.configuration["data"]) == (part, data)]
