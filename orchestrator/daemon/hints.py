"""Hints that a chain has a new block, over WebSocket: a reason to look earlier, and never more than that.

What a node's WebSocket says is not read beyond the fact that it says something; facts come from the listener's own
requests alone. So a server that lies costs a look, at most one a tick, and one that hangs costs nothing: it happens
that a subscription falls silent while its connection stays open (web3.py's issue 3689), so hints count only while they
come, and a silent subscription is made anew.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import check_nesting
from orchestrator.settings import Settings, Side
from orchestrator.urls import shown

_log = logging.getLogger(__name__)
logging.getLogger("websockets").setLevel(logging.INFO)  # below that it logs whole addresses

SLOW_SECONDS = 5.0
"""How long a node with nothing under way waits for a hint until it looks by itself."""
FRESH_SECONDS = 30.0
"""A hint so old is none: a chain that is slower than that is looked at as if there were no hints."""
SILENT_SECONDS = 60.0
"""After so long without a hint the subscription is made anew; the chain may also just have no blocks."""
ANSWER_SECONDS = 10.0
LONGEST_PAUSE = 60.0
_SLICE = 0.5
_GAP = 0.2
"""Seconds between two messages that are read, so that a flood of them costs nothing."""
_MOST_BYTES = 1 << 16
_SUBSCRIBE = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}


class Watcher:
    """Listens to one node in a thread of its own, and sets an event at each message of its subscription.

    Args:
        url: ``ws://`` or ``wss://``. news: set at each hint.
        silent_seconds: without a hint until the subscription is made anew.
    """

    def __init__(self, side: str, url: str, news: threading.Event, *, silent_seconds: float = SILENT_SECONDS) -> None:
        self._side, self._url, self._news, self._silent = side, url, news, silent_seconds
        self._stop = threading.Event()
        self._connection: Any = None
        self._pause = 1.0
        self._heard: float | None = None
        self._told = False
        self._thread = threading.Thread(target=self._run, name=f"hints-{side}", daemon=True)

    @property
    def fresh(self) -> bool:
        """Whether a hint came lately."""
        heard = self._heard
        return heard is not None and time.monotonic() - heard < FRESH_SECONDS

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Hang up; what still hangs then ends with the process."""
        self._stop.set()
        self._thread.join(2 * _SLICE + 1.0)

    def _run(self) -> None:
        try:
            from websockets.exceptions import WebSocketException
            from websockets.sync.client import connect
        except ModuleNotFoundError:
            _log.warning("chain.%s.ws_url is of no use: the package websockets (11 or newer) is missing", self._side)
            return
        while not self._stop.is_set():
            try:
                self._listen(connect)
            except (OSError, ValueError, EOFError, WebSocketException) as error:
                self._failed(error)
            self._stop.wait(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _listen(self, connect: Callable[..., Any]) -> None:
        """Subscribe, and note whatever comes, until nothing does for long.

        Raises:
            OSError, WebSocketException: the connection failed. ValueError: it is not a node that answers so.
        """
        options: dict[str, Any] = {"compression": None, "open_timeout": ANSWER_SECONDS, "close_timeout": 1.0}
        with connect(self._url, max_size=_MOST_BYTES, **options) as connection:
            connection.send(json.dumps(_SUBSCRIBE))
            if not _subscribes(connection.recv(timeout=ANSWER_SECONDS)):
                raise ValueError("it does not subscribe to newHeads")
            heard = time.monotonic()
            while not self._stop.is_set() and time.monotonic() - heard < self._silent:
                try:
                    connection.recv(timeout=_SLICE)
                except TimeoutError:
                    continue
                heard = self._heard = time.monotonic()
                self._pause = 1.0
                self._news.set()
                self._stop.wait(_GAP)

    def _failed(self, error: Exception) -> None:
        """Said once: nothing depends on it."""
        level = logging.DEBUG if self._told else logging.WARNING
        self._told = True
        text = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
        where = shown(self._url)
        _log.log(level, "no hints of new %s blocks from %s, which is asked as ever: %s", self._side, where, text)


def _subscribes(said: str | bytes) -> bool:
    """Whether that is a node's answer to a subscription; ValueError where it is no JSON."""
    data = said.encode() if isinstance(said, str) else said
    try:
        check_nesting(data, "answer")
    except FormatError:
        return False
    answer = json.loads(data)
    return isinstance(answer, dict) and isinstance(answer.get("result"), str)


class Hints:
    """The hints of both chains, as a node waits for them.

    Args:
        watchers: one for each chain that has an address for it. chains: how many chains are followed.
    """

    def __init__(
        self, watchers: Sequence[Watcher] = (), news: threading.Event | None = None, *, chains: int = 2
    ) -> None:
        self._watchers, self._chains = tuple(watchers), chains
        self._news = news or threading.Event()

    @classmethod
    def of(cls, settings: Settings) -> Hints:
        """Those that ``chain.<side>.ws_url`` names.

        Raises:
            ConfigurationError: one of them is no WebSocket address.
        """
        news = threading.Event()
        sides: tuple[Side, Side] = ("private", "public")
        urls = {side: settings.hints_url(side) for side in sides}
        return cls([Watcher(side, url, news) for side, url in urls.items() if url is not None], news)

    @property
    def steady(self) -> bool:
        """Whether hints of all chains come, so that a node need not look as often."""
        return len(self._watchers) == self._chains and all(watcher.fresh for watcher in self._watchers)

    def wait(self, stop: threading.Event, tick: float, *, calm: bool) -> None:
        """Wait a tick; where nothing is under way and hints come, wait for the next one, but not for long.

        Args:
            calm: nothing is under way that a hint does not tell of.
        """
        last = time.monotonic() + max(SLOW_SECONDS, tick)
        stop.wait(tick)
        while calm and self.steady and not stop.is_set() and time.monotonic() < last and not self._news.wait(_SLICE):
            pass
        self._news.clear()

    def __enter__(self) -> Hints:
        for watcher in self._watchers:
            watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for watcher in self._watchers:
            watcher.close()
