"""The result file of a benchmark, `runs/bench/<name>.json` (format `loranchor/bench` 1)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.harness.cells import Outcome
from orchestrator.errors import ConfigurationError
from orchestrator.files import write_json

FORMAT = "loranchor/bench"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Result:
    """One run: what was measured, how, where.

    Attributes:
        seeds: those of the preset; empty where nothing is random.
        interval: what stands behind a mean, such as "95 % t-interval over seeds".
        command: what measures it again. code: digest of the sources. versions: of packages and tools.
        machines: one, or several if cells of an earlier run on another machine were used.
        cells: in the order of the plan, those that did not run included.
    """

    name: str
    preset: str
    seeds: tuple[int, ...]
    interval: str
    command: str
    commit: str
    code: str
    date: str
    versions: Mapping[str, str]
    machines: tuple[Mapping[str, Any], ...]
    cells: tuple[Outcome, ...]

    def document(self) -> dict[str, Any]:
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        return {"format": FORMAT, "version": VERSION, **plain, "cells": [cell.document() for cell in self.cells]}


def write_result(path: Path, result: Result) -> None:
    write_json(path, result.document())


def read_result(path: Path) -> Result:
    """Raises ConfigurationError: there is no such file, or it is not a result of this version."""
    try:
        document = json.loads(path.read_text("utf-8"))
        if (document["format"], document["version"]) != (FORMAT, VERSION):
            raise ConfigurationError(f"{path} is not a {FORMAT} of version {VERSION}")
        plain = {item.name: document[item.name] for item in fields(Result)}
        cells = tuple(Outcome(**cell) for cell in document["cells"])
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(f"cannot read {path}: {reason}", mend="run the benchmark first") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is no result of a benchmark: {error!r}") from error
    own = {"cells": cells, "seeds": tuple(plain["seeds"]), "machines": tuple(plain["machines"])}
    return Result(**{**plain, **own})


def machines_of(cells: Sequence[Outcome]) -> tuple[Mapping[str, Any], ...]:
    """The machines of all finished cells, each once; how busy they were does not tell them apart."""
    found: dict[str, Mapping[str, Any]] = {}
    for cell in cells:
        if cell.machine is not None:
            known = {name: value for name, value in cell.machine.items() if name != "load"}
            found.setdefault(json.dumps(known, sort_keys=True), known)
    return tuple(found.values())
