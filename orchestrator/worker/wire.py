"""Frames between a daemon and its worker: JSON words and raw bytes, each with its length in front. Never pickle.

A frame is 4 bytes of words' length, 8 bytes of body's length (big-endian), the words as UTF-8 JSON, the body. It
travels over a socket pair that the worker inherits, so nothing of it is ever on disk or in a file system.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import check_nesting

_HEAD = struct.Struct(">IQ")
MOST_WORDS = 256 << 20
MOST_BYTES = 1 << 36
STUCK_SECONDS = 600.0
"""A frame that was begun is there within this time, and some more where it is long, or the other side is taken for
dead."""
SLOWEST = 1 << 20
"""Bytes a second that are waited for."""
_PIECE = 1 << 20


class Ended(ConnectionError):
    """The other side is gone."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What one side says: a kind, its words, and bytes."""

    kind: str
    words: Mapping[str, Any]
    body: bytes = b""


class Channel:
    """One end of the socket pair. Any thread may send; one thread receives.

    Args:
        most_words, most_bytes: of a frame that is received; a larger one is none.
    """

    def __init__(self, end: socket.socket, *, most_words: int = MOST_WORDS, most_bytes: int = MOST_BYTES) -> None:
        self._socket, self._sending = end, threading.Lock()
        self._most = most_words, most_bytes
        end.settimeout(STUCK_SECONDS)

    def send(self, kind: str, body: bytes = b"", **words: Any) -> None:
        """Send one frame.

        Raises:
            Ended: nobody reads any more.
        """
        text = json.dumps({"kind": kind, **words}).encode()
        try:
            with self._sending:
                self._socket.sendall(_HEAD.pack(len(text), len(body)) + text)
                self._socket.sendall(body)
        except OSError as error:
            raise Ended(str(error)) from error

    def ready(self, seconds: float | None = None) -> bool:
        """Whether something is there to be received, the end too, within some seconds or whenever."""
        waiting = select.poll()
        try:
            waiting.register(self._socket, select.POLLIN)
            return bool(waiting.poll(None if seconds is None else seconds * 1000))
        except (OSError, ValueError) as error:  # closed meanwhile
            raise Ended(str(error)) from error

    def receive(self) -> Frame:
        """Wait for one frame.

        Raises:
            Ended: the other side is gone, or does not speak in frames.
        """
        self.ready()
        words, body = _HEAD.unpack(self._exactly(_HEAD.size))
        if words > self._most[0] or body > self._most[1]:
            raise Ended(f"a frame of {words} and {body} bytes is none")
        kind, document = _parsed(self._exactly(words))
        return Frame(kind, document, self._exactly(body))

    def close(self) -> None:
        self._socket.close()

    def _exactly(self, count: int) -> bytes:
        held, missing, last = BytesIO(), count, time.monotonic() + STUCK_SECONDS + count / SLOWEST
        while missing:
            if time.monotonic() > last:
                raise Ended("the other side is too slow")
            try:
                part = self._socket.recv(min(missing, _PIECE))
            except OSError as error:
                raise Ended(str(error)) from error
            if not part:
                raise Ended("the other side has ended")
            held.write(part)
            missing -= len(part)
        return held.getvalue()  # which is no copy


def _parsed(text: bytes) -> tuple[str, dict[str, Any]]:
    """Kind and words of a frame; what is neither is as good as an end, whoever is at fault."""
    try:
        check_nesting(text, "frame")
        document = json.loads(text)
    except (FormatError, ValueError) as error:
        raise Ended("what came is no JSON") from error
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        raise Ended("what came says nothing")
    return document.pop("kind"), document
