"""Folds whose memory is measured from outside, run by ``benchmarks.aggregation.worker``."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.aggregation.inputs import BASE, entries_of
from orchestrator.aggregation.engine import fold_folder
from orchestrator.aggregation.source import DeltaSource, MappedFile, Source
from orchestrator.aggregation.stored import StoredBase
from orchestrator.types import UpdateId


def fold(spec: Mapping[str, Any]) -> Callable[[], Any]:
    """A fold into a new folder each time, with nothing but maps before it."""
    turn = itertools.count()

    def run() -> Callable[[], Any]:
        sources: dict[UpdateId, Source] = {
            UpdateId(path.name): DeltaSource(MappedFile(path)) for path in sorted(Path(spec["updates"]).iterdir())
        }
        base, out = StoredBase(Path(spec["base"]), BASE), Path(spec["out"]) / str(next(turn))
        report = fold_folder(base, entries_of(len(sources)), sources, out, threads=2, budget=spec["budget"])
        return lambda: {"working_set": report.working_set}

    return run
