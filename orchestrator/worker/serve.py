"""What a worker does with a call: decode it, let the workbench work, encode what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from orchestrator.daemon.equipment import check_equipment, equipment_of
from orchestrator.daemon.workbench import OpenDelta, Progress
from orchestrator.errors import DataError, LoranchorError, WorkerLimit
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.masked_rounds import is_masked
from orchestrator.ledger.task import TaskSpec
from orchestrator.settings import Settings
from orchestrator.training import Keeper, Team
from orchestrator.types import Digest, OrganisationId, UpdateId
from orchestrator.worker.keeper import FolderKeeper
from orchestrator.worker.session import Session
from orchestrator.worker.torch_workbench import Equipment, Keepers, TorchWorkbench
from orchestrator.worker.wire import Frame
from orchestrator.worker.words import (
    Words,
    delta_words,
    error_words,
    judgements_words,
    lock_of,
    manifest_of,
    pseudonym_of,
)

_NO_MEMORY = ("DefaultCPUAllocator", "can't allocate memory", "out of memory")


@dataclass(frozen=True, slots=True)
class Begun:
    """What the daemon says first.

    Attributes:
        folder: of checkpoints. every: seconds between two. memory: bytes. idle: seconds.
        home: the organisation's; None for a worker that keeps nothing there but checkpoints.
    """

    organisation: OrganisationId
    values: Mapping[str, Any]
    folder: Path
    every: float
    memory: int
    idle: float
    home: Path | None = None

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> Begun:
        return cls(**{**words, **{name: Path(words[name]) for name in ("home", "folder") if name in words}})

    def equipment(self) -> Equipment:
        return equipment_of(Settings(self.values), self.organisation)

    def keepers(self) -> Keepers:
        def keeper(round_number: int, identity: Digest) -> Keeper:
            return FolderKeeper(self.folder, round_number, identity, self.every)

        return keeper


def workbench(begun: Begun, keepers: Keepers, team: Team | None = None) -> TorchWorkbench:
    return TorchWorkbench(begun.equipment(), keepers=keepers, team=team, home=begun.home)


def task_and_manifest(words: Mapping[str, Any]) -> tuple[TaskSpec, Manifest]:
    return TaskSpec.from_document(words["task"]), manifest_of(words["manifest"])


class Calls:
    """The calls a daemon can make. Each gives words and a body."""

    def __init__(self, begun: Begun, bench: TorchWorkbench, session: Session) -> None:
        self._begun, self._bench, self._session = begun, bench, session

    def answered(self, frame: Frame) -> bool:
        """Carry out a call and answer it; False when this process must not go on.

        What is no LoranchorError ends the process: its traceback is in the log, and the daemon starts another.
        """
        try:
            words, body = self._carried_out(frame)
        except LoranchorError as error:
            self._session.answer("failed", **error_words(error))
        except (MemoryError, RuntimeError) as error:
            if not _is_memory(error):
                raise
            self._session.answer("failed", **error_words(_too_large(frame.kind, error)))
            return False
        else:
            self._session.answer("done", body, statement=self._statement(), **words)
        return True

    def _carried_out(self, frame: Frame) -> tuple[Words, bytes]:
        if frame.kind == "check":
            check_equipment(self._begun.equipment())
            return {}, b""
        task, manifest = task_and_manifest(frame.words)
        self._bench.wear(lock_of(frame.words))
        self._bench.name_with(pseudonym_of(frame.words))
        if frame.kind == "train":
            return self.trained(task, manifest, frame.words)
        if frame.kind == "evaluate":
            return asdict(self._bench.evaluate(task, manifest, self._session.open)), b""
        if frame.kind == "layout":
            return asdict(self._bench.layout(task, manifest)), b""
        if frame.kind == "whole":
            return {}, self._bench.whole(task, manifest, frame.body)
        candidates = [UpdateId(name) for name in frame.words["candidates"]]
        refused = {UpdateId(name): reason for name, reason in frame.words["refused"].items()}
        found = self._bench.judge(task, manifest, candidates, self._session.open, refused)
        return {"judgements": judgements_words(found)}, b""

    def trained(
        self,
        task: TaskSpec,
        manifest: Manifest,
        words: Mapping[str, Any],
        opener: OpenDelta | None = None,
        progress: Progress | None = None,
    ) -> tuple[Words, bytes]:
        if is_masked(task):
            return self._numbers(task, manifest, words, opener, progress)
        delta = self._bench.train(
            task,
            manifest,
            opener or self._session.open,
            int(words["round"]),
            progress or self._session.progress,
            ordinal=int(words["ordinal"]),
            spent=int(words["spent"]),
        )
        return delta_words(delta), delta.payload

    def _numbers(
        self,
        task: TaskSpec,
        manifest: Manifest,
        words: Mapping[str, Any],
        opener: OpenDelta | None,
        progress: Progress | None,
    ) -> tuple[Words, bytes]:
        """For the daemon to mask: it has the keys, and this process does not."""
        found = self._bench.numbers(
            task,
            manifest,
            opener or self._session.open,
            int(words["round"]),
            progress or self._session.progress,
            ordinal=int(words["ordinal"]),
        )
        return {"samples": found.samples}, found.units

    def _statement(self) -> str | None:
        try:
            return self._bench.statement().decode()
        except DataError:  # none was loaded for this call
            return None


def _is_memory(error: Exception) -> bool:
    known = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return known or any(words in str(error) for words in _NO_MEMORY)


def _too_large(what: str, error: Exception) -> WorkerLimit:
    first = (str(error) or "no memory").splitlines()[0]
    return WorkerLimit(
        f"memory ran out while the worker was to {what}: {first}",
        mend="raise worker.memory_limit, or choose a smaller model, batch or length",
    )
