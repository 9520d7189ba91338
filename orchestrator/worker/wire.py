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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_HEAD = struct.Struct(">IQ")
MOST_WORDS = 256 << 20
MOST_BYTES = 1 << 36
STUCK_SECONDS = 600.0
"""A frame that was begun goes on within this time, or the other side is taken for dead."""
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
    """One end of the socket pair. Any thread may send; one thread receives."""

    def __init__(self, end: socket.socket) -> None:
        self._socket, self._sending = end, threading.Lock()
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
        if words > MOST_WORDS or body > MOST_BYTES:
            raise Ended(f"a frame of {words} and {body} bytes is none")
        document = json.loads(self._exactly(words))
        return Frame(document.pop("kind"), document, self._exactly(body))

    def close(self) -> None:
        self._socket.close()

    def _exactly(self, count: int) -> bytes:
        parts, missing = [], count
        while missing:
            try:
                part = self._socket.recv(min(missing, _PIECE))
            except OSError as error:
                raise Ended(str(error)) from error
            if not part:
                raise Ended("the other side has ended")
            parts.append(part)
            missing -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
