"""Carries out effects: the quick ones at once, the long ones each in the thread of its lane, one after the other.

That an effect begins is on disk before it does anything, and that it ended before the machine is told. While the disk
takes neither, nothing begins, and what has ended waits to be told.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

from orchestrator.chain.action import acting
from orchestrator.daemon.alarms import PRIVATE_CHAIN_REWRITTEN
from orchestrator.daemon.disk import disk_fault, try_disk
from orchestrator.daemon.handlers import HANDLERS, Job
from orchestrator.daemon.services import Services
from orchestrator.errors import (
    ChainError,
    ChainRewritten,
    DiskError,
    LoranchorError,
    StorageError,
    WorkCancelled,
    WorkerError,
    WorkerLimit,
)
from orchestrator.protocol.effects import Effect
from orchestrator.protocol.events import EffectCompleted, EffectFailed
from orchestrator.protocol.state import NodeState

_log = logging.getLogger(__name__)

Outcome = EffectCompleted | EffectFailed

LANES = ("model", "fetch")
RETRYABLE = (ChainError, StorageError, WorkerError)
"""What may go better another time: a chain, IPFS or the worker was down or slow. A limit of the worker's stays one
until the operator starts the daemon with another."""


class _Running(NamedTuple):
    """An effect that is in a lane, or waits there for those before it."""

    lane: str
    future: Future[None]


class _Ended(NamedTuple):
    """How an effect ended, while the journal has not taken it yet. ``error``: None where it was carried out."""

    effect_id: str
    error: LoranchorError | None


class Executor:
    """Runs effects and tells how they ended. Foreseeable errors become outcomes; any other ends the daemon.

    Attributes:
        disk: what the own disk has refused last; None again when :meth:`finished` could write.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lanes = {name: ThreadPoolExecutor(max_workers=1, thread_name_prefix=name) for name in LANES}
        self._running: dict[str, _Running] = {}
        self._patient: list[tuple[Effect, Job]] = []
        self._begun: dict[str, float] = {}
        self._untold: list[_Ended] = []
        self.disk: DiskError | None = None

    @property
    def busy(self) -> bool:
        """Whether an effect is under way in a lane."""
        return bool(self._begun)

    @property
    def running(self) -> tuple[str, ...]:
        """Ids of the effects in the lanes, those that wait for their turn there too."""
        return tuple(self._begun)

    @property
    def oldest(self) -> float | None:
        """When the oldest effect in the lanes was begun, in seconds since 1970."""
        return min(self._begun.values(), default=None)

    def start(self, state: NodeState, effects: Iterable[Effect]) -> list[Outcome]:
        """Begin all of them; what ended already is told."""
        outcomes: list[Outcome] = []
        for effect in effects:
            try:
                self._services.journal.effect_started(effect.id, local=effect.local)
            except DiskError as error:
                self.disk = error
                outcomes.append(EffectFailed(effect.id, retryable=True, counts=False))
                continue
            ended = self._attempt(effect.id, lambda effect=effect: self._begin(state, effect))  # type: ignore[misc]
            if effect.id not in self._begun:
                self._untold.append(ended)
        return outcomes + self._told()

    def finished(self) -> list[Outcome]:
        """What has ended in the lanes since the last call."""
        for effect_id in [effect_id for effect_id, running in self._running.items() if running.future.done()]:
            self._untold.append(self._attempt(effect_id, self._running.pop(effect_id).future.result))
            del self._begun[effect_id]
        self._let_patient_begin()
        return self._told()

    def close(self) -> None:
        """Stop what the workbench computes, let the rest that is under way end, start no other."""
        self._patient.clear()
        for lane in self._lanes.values():
            lane.shutdown(wait=False, cancel_futures=True)
        self._services.bench.cancel()
        for lane in self._lanes.values():
            lane.shutdown(wait=True)
        self._running = {key: item for key, item in self._running.items() if not item.future.cancelled()}
        self._begun = {key: self._begun[key] for key in self._running}

    def _begin(self, state: NodeState, effect: Effect) -> None:
        with acting(effect.id):
            job: Job | None = HANDLERS[type(effect)](self._services, state, effect)
        if job is None:
            return
        self._begun[effect.id] = time.time()
        if effect.patient:
            self._patient.append((effect, job))
            self._let_patient_begin()
        else:
            self._submit(effect, job)

    def _submit(self, effect: Effect, job: Job) -> None:
        lane = effect.lane or "fetch"
        self._running[effect.id] = _Running(lane, self._lanes[lane].submit(self._in_lane, effect, job))

    def _let_patient_begin(self) -> None:
        """One for each lane in which nothing else is."""
        for effect, job in tuple(self._patient):
            if all(running.lane != (effect.lane or "fetch") for running in self._running.values()):
                self._patient.remove((effect, job))
                self._submit(effect, job)

    def _in_lane(self, effect: Effect, job: Job) -> None:
        with acting(effect.id), self._services.model if effect.lane == "model" else nullcontext():
            job()

    def _attempt(self, effect_id: str, act: Callable[[], None]) -> _Ended:
        try:
            with foreseeable():
                act()
        except LoranchorError as error:
            return _Ended(effect_id, error)
        return _Ended(effect_id, None)

    def _told(self) -> list[Outcome]:
        """Write down what has ended, and only then tell."""
        outcomes: list[Outcome] = []
        while self._untold:
            try:
                outcomes.append(self._written(self._untold[0]))
            except DiskError as error:
                self.disk = error
                break
            self._untold.pop(0)
        return outcomes

    def _written(self, ended: _Ended) -> Outcome:
        effect_id, error = ended
        journal = self._services.journal
        if error is None:
            journal.effect_completed(effect_id)
            return EffectCompleted(effect_id)
        if isinstance(error, WorkCancelled):
            journal.effect_cancelled(effect_id)
            return EffectFailed(effect_id, retryable=True, counts=False)
        journal.effect_failed(effect_id, error.code, str(error))
        if isinstance(error, ChainRewritten):
            journal.raise_alarm(PRIVATE_CHAIN_REWRITTEN, str(error))
        if isinstance(error, DiskError):
            self.disk = error
        surroundings = isinstance(error, ChainRewritten) or (isinstance(error, DiskError) and self._home_refuses())
        again = isinstance(error, (DiskError, *RETRYABLE)) and not isinstance(error, WorkerLimit)
        retryable = surroundings or again
        # another member may have been first with what one of them had to do: then nobody asks for it again
        _log.log(logging.INFO if retryable else logging.WARNING, "%s failed: %s", effect_id, error)
        return EffectFailed(effect_id, retryable, counts=not surroundings)

    def _home_refuses(self) -> bool:
        """Whether all waits for the own disk; while it is another one, such as /tmp, the rest goes on."""
        try:
            try_disk(self._services.home)
        except DiskError:
            return True
        return False


@contextmanager
def foreseeable() -> Iterator[None]:
    """Faults of the own disk in one word, whoever ran into them."""
    try:
        yield
    except (LoranchorError, OSError, sqlite3.Error) as error:
        fault = disk_fault(error)
        if fault is None or fault is error:
            raise
        raise fault from error
