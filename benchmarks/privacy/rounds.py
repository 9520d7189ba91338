"""A federation on a pretrained model under one policy: real trainings, seals, masks and folds, without chains.

Members work with the daemon's own workbench; what a policy does, it does there. Seconds are of the processor.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.federation.book import Book, Sent, sent
from benchmarks.federation.shards import limited
from benchmarks.federation.shared import Shared
from benchmarks.federation.workbench import MemberBench
from benchmarks.harness import Configuration
from benchmarks.keylock.federation import derived_key
from benchmarks.privacy.seals import Seals, policy_document
from benchmarks.privacy.sizes import RANK, row_of
from benchmarks.quality.worlds import FASTER, SETTINGS
from orchestrator.aggregation import FoldedModel
from orchestrator.contribution import parse
from orchestrator.daemon.workbench import Judgement
from orchestrator.data import DataSettings
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.masked_rounds import CARRIERS, weight_cap
from orchestrator.lock_key import LockKey
from orchestrator.privacy import PrivacySettings
from orchestrator.privacy.secagg import protect_sum
from orchestrator.settings import compose
from orchestrator.types import MILLION, OrganisationId, ProtectedDelta, UpdateId

GRID = 16
"""Fraction bits of what is masked."""


class Federation:
    """Members of one cell on one model, which they share in turn."""

    def __init__(self, cell: Configuration) -> None:
        self.row = row_of(cell)
        settings = compose([f"experiment={cell['experiment']}"])
        experiment, model = settings.group("experiment"), settings.group("model")
        self.shared = shared_of(str(model["name"]), str(model["kind"]), int(model["labels"]))
        names = [OrganisationId(item["name"]) for item in experiment["organisations"]]
        self.task = self.shared.task(document_of(cell, experiment["task"], len(names)))
        self.privacy = PrivacySettings.from_task(self.task.document)
        self.folded: FoldedModel = self.shared.fold(self.task)
        self.benches: dict[OrganisationId, MemberBench] = {}
        for place, item in enumerate(experiment["organisations"]):
            own = DataSettings.from_experiment(settings.group("data"), {**item, "adversary": "none"}, cell["seed"])
            data = limited(self.shared.dataset(own, self.task.training.length), cell["held_out"])
            bench = MemberBench(self.shared, self.folded, names[place], data)
            bench.wear(LockKey(1, derived_key(cell["seed"], place)))
            self.benches[names[place]] = bench
        self.seals = Seals(names)
        self.book = Book(self.task, names, len(names) // 2 + 1)
        self.payloads: dict[UpdateId, bytes] = {}
        self.seconds = 0.0

    def run(self, rounds: int) -> dict[str, Any]:
        """Figures of the model by round, and what one update cost a member on average."""
        curve = [self.measured()]
        for number in range(1, rounds + 1):
            manifest, begin = self.book.manifest(), time.process_time()
            masked = "secagg" in self.row.parts
            updates = [self._sum(number, manifest)] if masked else list(self._each(number, manifest))
            self.seconds += time.process_time() - begin
            self.payloads |= {item.update_id: item.delta.payload for item in updates}
            cap = weight_cap(tuple(self.benches)) if masked else MILLION
            judged = {name: {item.update_id: Judgement(True, cap, 0, "") for item in updates} for name in self.benches}
            self.book.close(number, manifest, updates, judged)
            self.folded.move(self.book.manifest().originals, lambda name: parse(self.payloads[name]))
            curve.append(self.measured())
        updates_made = rounds * len(self.benches)
        epsilon = self.row.promise.epsilon(self.privacy, rounds) / MILLION
        return {
            "curve": curve,
            "seconds": self.seconds / updates_made,
            "bytes": self.seals.sent / updates_made,
            "epsilon": epsilon,
        }

    def measured(self) -> float:
        """The mean of the members' held-out figures, each behind its own lock where there is one."""
        manifest = self.book.manifest()
        found = [bench.evaluate(self.task, manifest, self._open).value for bench in self.benches.values()]
        return sum(found) / len(found)

    def _each(self, number: int, manifest: Manifest) -> list[Sent]:
        found = []
        for name, bench in self.benches.items():
            made = bench.train(self.task, manifest, self._open, number, quiet, spent=number - 1)
            self.seals.send(number, name, made)
            found.append(sent(number, name, made))
        return found

    def _sum(self, number: int, manifest: Manifest) -> Sent:
        """The one contribution of a masked round; all members come to its end."""
        bench = next(iter(self.benches.values()))
        units = {
            name: np.frombuffer(one.numbers(self.task, manifest, self._open, number, quiet).units, "<i4").astype(
                np.int64
            )
            for name, one in self.benches.items()
        }
        layout, clip = bench.layout(self.task, manifest), int(self.privacy.settings["secagg"]["clip"])
        with tempfile.TemporaryDirectory() as folder:
            total = self.seals.masked(number, self.task.digest, layout, clip, units, Path(folder))
        whole = bench.whole(self.task, manifest, total.astype("<i4").tobytes())
        made: ProtectedDelta = protect_sum(whole, parent_manifest=manifest.digest)
        for name in list(self.benches)[:CARRIERS]:
            self.seals.send(number, name, made)
        return sent(number, next(iter(self.benches)), made)

    def _open(self, update_id: UpdateId) -> bytes:
        return self.payloads[update_id]


def document_of(cell: Configuration, task: Mapping[str, Any], members: int) -> dict[str, Any]:
    """The experiment's task with the cell's sizes and the row's policy and strategy."""
    row = row_of(cell)
    rate = int(task["training"]["learning_rate_nano"]) * FASTER.get(row.strategy, 1)
    sizes = {"steps": cell["steps"], "batch": cell["batch"], "learning_rate_nano": rate, "seed": cell["seed"]}
    return {
        **task,
        "adapter": {**task["adapter"], "ranks": [RANK], "alpha": 2 * RANK},
        "training": {**task["training"], **sizes},
        "strategy": {"name": row.strategy, "settings": dict(SETTINGS[row.strategy])},
        "privacy": policy_document(row, members, rate=cell["rate"], clip=cell["clip"]),
        "minimum_updates": 1,
    }


def work(cell: Configuration) -> dict[str, Any]:
    """Figures of one row's use."""
    federation = Federation(cell)
    found = federation.run(cell["rounds"])
    federation.folded.reset()
    return found


_shared: dict[str, Shared] = {}


def shared_of(model: str, kind: str, labels: int) -> Shared:
    """The base model of a world; one is in memory at a time."""
    if model not in _shared:
        _shared.clear()
        _shared[model] = Shared(model, kind=kind, labels=labels)
    return _shared[model]


def quiet(step: int, steps: int) -> None:
    """Nobody listens."""
