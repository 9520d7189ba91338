"""The worker's end of its talk with the daemon: calls come one by one, and while one is under way it may ask back."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable

from orchestrator.errors import WorkCancelled
from orchestrator.types import UpdateId
from orchestrator.worker.wire import Channel, Ended, Frame
from orchestrator.worker.words import error_of


class Session:
    """Reads in a thread of its own, so that a word to cancel, and the daemon's end, are noticed in the middle of work.

    Args:
        channel: to the daemon. cancel: called in the reading thread when the daemon takes its call back.
    """

    def __init__(self, channel: Channel, cancel: Callable[[], None] = lambda: None) -> None:
        self.cancel = cancel
        self._channel = channel
        self._frames: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="reader", daemon=True).start()

    def next_call(self, idle_seconds: float | None) -> Frame | None:
        """What is to be done next; None when nothing came for so long."""
        try:
            while True:
                frame = self._frames.get(timeout=idle_seconds)
                if frame.kind not in ("opened", "not-opened"):  # an answer that came after its call had ended
                    return frame
        except queue.Empty:
            return None

    def answer(self, kind: str, body: bytes = b"", **words: object) -> None:
        self._channel.send(kind, body, **words)

    def open(self, update_id: UpdateId) -> bytes:
        """Ask the daemon for the plaintext of a contribution.

        Raises:
            LoranchorError: as the daemon's opener raised it.
        """
        self._channel.send("open", update=update_id)
        frame = self._frames.get()
        if frame.kind == "opened":
            return frame.body
        if frame.kind == "not-opened":
            raise error_of(frame.words)
        raise WorkCancelled(f"{frame.kind} came where {update_id} was asked for")

    def progress(self, step: int, steps: int) -> None:
        self._channel.send("progress", step=step, steps=steps)

    def _read(self) -> None:
        try:
            while True:
                frame = self._channel.receive()
                if frame.kind == "cancel":
                    self.cancel()
                else:
                    self._frames.put(frame)
        except Ended:
            os._exit(0)  # nobody is left to work for, whatever is under way


class ToDaemon(logging.Handler):
    """Hands log records to the daemon, which writes the log."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._session.answer("log", level=record.levelno, name=record.name, message=record.getMessage())
        except Ended:
            self.handleError(record)
