"""A fold that takes its time at its second shard, to be killed there: ``python slow_fold.py BASE UPDATES OUT``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from orchestrator.aggregation.engine import fold_folder
from orchestrator.aggregation.source import DeltaSource, MappedFile, Source
from orchestrator.aggregation.stored import StoredBase
from orchestrator.contribution import LowRank
from orchestrator.types import UpdateId
from tests.unit.aggregation.make import entries_of
from tests.unit.contribution.make import BASE

SLOW = "h.0.v_proj"


class Slow(DeltaSource):
    def low_rank(self, module: str) -> LowRank:
        if module == SLOW:
            time.sleep(600)
        return super().low_rank(module)


def main(base: Path, updates: Path, out: Path) -> None:
    found: dict[UpdateId, Source] = {UpdateId(path.name): Slow(MappedFile(path)) for path in sorted(updates.iterdir())}
    fold_folder(StoredBase(base, BASE), entries_of(list(found)), found, out, threads=1)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
