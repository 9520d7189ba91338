"""One call to a worker, and what is said until it is answered."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.daemon.workbench import OpenDelta, Progress
from orchestrator.daemon.worker_process import WorkerProcess
from orchestrator.daemon.worker_settings import WorkerSettings
from orchestrator.errors import LoranchorError, WorkCancelled, WorkerLimit
from orchestrator.types import UpdateId
from orchestrator.worker.limits import MIB
from orchestrator.worker.wire import Ended, Frame
from orchestrator.worker.words import Check, checked, error_of, error_words, no_answer, number, text

TICK = 0.25
LOOK_SECONDS = 1.0
GRACE_SECONDS = 5.0
ANSWERS = ("done", "failed")
SAID: Mapping[str, Mapping[str, Check]] = {
    "open": {"update": text},
    "progress": {"step": number(0, 2**53), "steps": number(0, 2**53)},
    "log": {"level": number(0, 100), "name": text, "message": text},
}
"""What a worker may say before it answers."""


@dataclass
class Call:
    """A call under way.

    Attributes:
        openable: what the worker may ask the opener for; no other contribution is its business.
        step: the last that was told. deaths: of workers since then.
        excused: whether one ended that nobody need wonder about. failed: what the opener raised here.
    """

    kind: str
    words: Mapping[str, Any] = field(repr=False)  # maybe with the lock key
    opener: OpenDelta | None = None
    openable: Collection[UpdateId] = ()
    progress: Progress | None = None
    body: bytes = field(default=b"", repr=False)
    began: float = field(default_factory=time.monotonic)
    step: int = 0
    deaths: int = 0
    excused: bool = False
    failed: LoranchorError | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)


class Talk:
    """What is said between a call and its answer."""

    def __init__(self, worker: WorkerProcess, call: Call, settings: WorkerSettings) -> None:
        self._worker, self._call, self._settings = worker, call, settings
        self._looked = 0.0
        call.failed = None

    def until_done(self) -> Frame:
        """The answer. Whatever else ends the talk ends the worker, which would go on with what nobody waits for.

        Raises:
            Ended: it has ended by itself, or somebody had it end.
            LoranchorError: it failed, reached a limit or was cancelled.
        """
        waiting = True
        try:
            while True:
                if self._call.cancelled.is_set():
                    waiting = not self._taken_back()
                    raise WorkCancelled(f"the call to {self._call.kind} was cancelled")
                self._look_after()
                frame = self._next()
                if frame is not None and frame.kind in ANSWERS:
                    failed = self._failure(frame)
                    waiting = False
                    if failed is not None:
                        raise failed
                    return frame
        except Ended:
            waiting = False
            raise
        finally:
            if waiting:
                self._worker.end()

    def _failure(self, frame: Frame) -> LoranchorError | None:
        return None if frame.kind == "done" else self._call.failed or error_of(frame.words)

    def _next(self) -> Frame | None:
        """Deal with one frame, if one comes soon; those that end the call are given back."""
        if not self._worker.channel.ready(TICK):
            return None
        frame = self._worker.channel.receive()
        words = checked(frame.words, SAID[frame.kind]) if frame.kind in SAID else {}
        if frame.kind == "open":
            self._open(UpdateId(words["update"]))
        elif frame.kind == "progress":
            self._progress(words["step"], words["steps"])
        elif frame.kind == "log":
            logging.getLogger(words["name"]).log(words["level"], "%s", words["message"])
        return frame

    def _open(self, update_id: UpdateId) -> None:
        call = self._call
        if call.opener is None or update_id not in call.openable:
            raise no_answer(f"it asks for {update_id[:70]!r} in order to {call.kind}, which is no part of that")
        try:
            if call.cancelled.is_set():
                raise WorkCancelled(f"the call to {call.kind} was cancelled")
            self._worker.channel.send("opened", call.opener(update_id))
        except LoranchorError as error:
            call.failed = error
            self._worker.channel.send("not-opened", **error_words(error))

    def _progress(self, step: int, steps: int) -> None:
        if step > self._call.step:
            self._call.step, self._call.deaths = step, 0
        if self._call.progress is not None:
            self._call.progress(step, steps)

    def _look_after(self) -> None:
        """Raise what ends the call from this side."""
        call, settings, now = self._call, self._settings, time.monotonic()
        if settings.time_limit is not None and now - call.began > settings.time_limit:
            raise WorkerLimit(
                f"to {call.kind} took the worker more than {settings.time_limit:g} seconds",
                mend="raise worker.time_limit, or choose fewer steps",
            )
        if now - self._looked >= LOOK_SECONDS:
            self._looked, memory = now, self._worker.memory()
            if memory > settings.memory_limit:
                raise WorkerLimit(
                    f"to {call.kind} took the worker {memory // MIB} MiB, its limit is {settings.memory_limit // MIB}",
                    mend="raise worker.memory_limit, or choose a smaller model, batch or length",
                )

    def _taken_back(self) -> bool:
        """Whether the worker ended the call by itself within a while, and so keeps its model for the next one."""
        if self._settings.processes > 1:  # the others would wait for the one that left
            return False
        self._worker.channel.send("cancel")
        last = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < last:
            frame = self._next()
            if frame is not None and frame.kind in ANSWERS:
                return True
        return False
