"""Cells: the smallest parts of a benchmark, each stored under the digest of all that its figures depend on.

An interrupted run goes on where it was; another configuration, code or package version is another cell.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import DataError
from orchestrator.files import write_json
from orchestrator.ledger import canonical
from orchestrator.types import Digest

FORMAT = "loranchor/bench-cell"
NOT_RUN = "not run"

Configuration = Mapping[str, Any]
Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """What all cells of a run have in common.

    Attributes:
        code: digest of the sources that make the figures. packages: their versions, by name.
    """

    benchmark: str
    code: Digest
    packages: Mapping[str, str]

    def digest(self, configuration: Configuration) -> Digest:
        """The key under which a cell is stored."""
        return canonical.digest({"format": FORMAT, "version": 1, **self.document(), "cell": _integral(configuration)})

    def document(self) -> dict[str, Any]:
        return {"benchmark": self.benchmark, "code": self.code, "packages": dict(self.packages)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of one cell.

    Attributes:
        figures: None when the cell did not run or failed.
        status: "done", "not run", or "failed: " and why.
        seconds, date, machine: of the run that made the figures.
    """

    configuration: Configuration
    status: str = NOT_RUN
    figures: Figures | None = None
    seconds: float | None = None
    date: str | None = None
    machine: Mapping[str, Any] | None = None

    @property
    def failed(self) -> bool:
        return self.status.startswith("failed")

    def document(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def grid(**axes: Iterable[Any]) -> list[dict[str, Any]]:
    """Every combination, the last axis fastest: ``grid(method=["a", "b"], seed=range(3))`` has six cells."""
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


class CellStore:
    """Finished cells as files ``<folder>/<benchmark>/<digest>.json``, written whole or not at all."""

    def __init__(self, folder: Path, identity: Identity) -> None:
        self._folder = folder / identity.benchmark
        self._identity = identity

    def path(self, configuration: Configuration) -> Path:
        return self._folder / f"{self._identity.digest(configuration)[2:]}.json"

    def find(self, configuration: Configuration) -> Outcome:
        """The stored outcome; "not run" where there is none, or a file that is none of ours."""
        try:
            document = json.loads(self.path(configuration).read_text("utf-8"))
            figures, seconds, date = document["figures"], document["seconds"], document["date"]
            return Outcome(configuration, "done", figures, seconds, date, document["machine"])
        except (OSError, ValueError, KeyError, TypeError):
            return Outcome(configuration)

    def put(self, outcome: Outcome) -> None:
        """Keep a finished cell.

        Raises:
            DataError: a figure is not a number that JSON carries.
        """
        for name, value in (outcome.figures or {}).items():
            _check_finite(name, value)
        made = {"figures": outcome.figures, "seconds": outcome.seconds, "date": outcome.date}
        about = {"format": FORMAT, "version": 1, **self._identity.document()}
        document = {**about, "configuration": outcome.configuration, **made, "machine": outcome.machine}
        write_json(self.path(outcome.configuration), document)


def values_of(outcomes: Sequence[Outcome], figure: str, **where: Any) -> list[Any]:
    """One figure of all finished cells whose configuration agrees with ``where``, in the order of the cells."""
    return [
        outcome.figures[figure]
        for outcome in outcomes
        if outcome.figures is not None
        and figure in outcome.figures
        and all(outcome.configuration.get(name) == value for name, value in where.items())
    ]


def _integral(value: Any) -> Any:
    """Canonical objects hold no floats: a setting such as 0.1 is known by its shortest text."""
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, Mapping):
        return {str(key): _integral(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_integral(item) for item in value]
    return value


def _check_finite(name: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise DataError(f"the figure {name} is {value}")
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check_finite(f"{name}.{key}", item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check_finite(name, item)
