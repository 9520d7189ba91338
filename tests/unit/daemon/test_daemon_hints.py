"""Hints of new blocks: they wake a node, make it look less often while they come, and nothing else."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from chain_nodes import anvil
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from orchestrator.daemon import hints as module
from orchestrator.daemon.hints import Hints, Watcher
from orchestrator.daemon.node import Node
from orchestrator.errors import ChainError, ConfigurationError
from orchestrator.settings import Settings, compose

SLOW = 3.0


@pytest.fixture(autouse=True)
def shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"SLOW_SECONDS": SLOW, "ANSWER_SECONDS": 0.5, "_SLICE": 0.1, "LONGEST_PAUSE": 0.2}.items():
        monkeypatch.setattr(module, name, seconds)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def watching(url: str, **options: Any) -> Iterator[tuple[Hints, Watcher]]:
    news = threading.Event()
    watcher = Watcher("private", url, news, **options)
    with Hints([watcher], news, chains=1) as hints:
        yield hints, watcher


@contextmanager
def server(behave: Callable[[ServerConnection], None]) -> Iterator[str]:
    """A WebSocket server of its own manners."""

    def mannered(connection: ServerConnection) -> None:
        try:
            behave(connection)
        except ConnectionClosed:
            return

    with serve(mannered, "127.0.0.1", 0) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{made.socket.getsockname()[1]}"
        made.shutdown()
        thread.join()


def subscribed(connection: ServerConnection) -> None:
    assert json.loads(connection.recv())["method"] == "eth_subscribe"
    connection.send(json.dumps({"jsonrpc": "2.0", "id": 1, "result": "0x1"}))


def waited(hints: Hints, *, calm: bool = True, tick: float = 0.05) -> float:
    began = time.monotonic()
    hints.wait(threading.Event(), tick, calm=calm)
    return time.monotonic() - began


def test_a_block_of_a_real_node_ends_the_wait_and_without_one_it_is_long() -> None:
    with anvil() as chain, watching(chain.url.replace("http", "ws", 1)) as (hints, watcher):
        until(lambda: bool(chain.request("evm_mine", []) and watcher.fresh))
        time.sleep(0.5)  # the hints of blocks that were mined while it subscribed
        waited(hints)
        assert waited(hints) >= SLOW, "no block: it looks by itself in the end"
        timer = threading.Timer(0.5, lambda: chain.request("evm_mine", []))
        timer.start()
        assert 0.4 < waited(hints) < SLOW - 1.0
        timer.join()
        assert waited(hints, calm=False) < 1.0, "something is under way: no longer than a tick"
        chain.request("evm_mine", [])
        time.sleep(0.5)
        assert waited(hints) < 1.0, "what came while it did not wait is not lost"


def test_without_addresses_a_wait_is_a_tick() -> None:
    hints = Hints.of(compose(["chain=local"]))
    assert not hints.steady
    assert 0.3 <= waited(hints, tick=0.3) < 1.0


def test_one_chain_without_hints_is_looked_at_each_tick() -> None:
    def behave(connection: ServerConnection) -> None:
        subscribed(connection)
        while True:
            connection.send("{}")
            time.sleep(0.05)

    with server(behave) as url:
        news = threading.Event()
        watcher = Watcher("private", url, news)
        with Hints([watcher], news, chains=2) as hints:
            until(lambda: watcher.fresh)
            assert waited(hints) < 1.0


def test_a_stop_ends_a_long_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hints, "steady", True)
    stop = threading.Event()
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    began = time.monotonic()
    Hints().wait(stop, 0.05, calm=True)
    assert time.monotonic() - began < 1.0
    timer.join()


def test_a_server_that_hangs_costs_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """It takes the connection and says nothing, not even that it speaks WebSocket."""
    caplog.set_level(logging.DEBUG, "orchestrator")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"ws://127.0.0.1:{mute.getsockname()[1]}/v3/secret-key"
        with watching(url) as (hints, _):
            until(lambda: len(caplog.records) >= 2)
            assert not hints.steady and waited(hints) < 1.0
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1 and "private" in warnings[0] and "secret-key" not in caplog.text


def test_a_subscription_that_falls_silent_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection stays open and answers pings, and no block is told any more: polling takes over, then hints."""
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.5)
    connections = []

    def behave(connection: ServerConnection) -> None:
        connections.append(connection)
        subscribed(connection)
        connection.send("{}")
        connection.recv()  # for ever

    with server(behave) as url, watching(url, silent_seconds=1.0) as (hints, watcher):
        until(lambda: watcher.fresh)
        until(lambda: not hints.steady)
        assert waited(hints) < 1.0
        until(lambda: len(connections) >= 3)


@pytest.mark.parametrize(
    "answer", ['{"error": {"code": -32601}}', "[1]", "no JSON", "\u2028" * 100_000, "[" * 60_000, b"\xff"]
)
def test_what_is_no_node_gives_no_hints(answer: str | bytes, caplog: pytest.LogCaptureFixture) -> None:
    def behave(connection: ServerConnection) -> None:
        connection.recv()
        connection.send(answer)
        connection.recv()

    with server(behave) as url, watching(url) as (hints, _):
        until(lambda: any(record.levelno == logging.WARNING for record in caplog.records))
        assert not hints.steady


def test_a_flood_is_read_slowly() -> None:
    sent = 0

    def behave(connection: ServerConnection) -> None:
        nonlocal sent
        subscribed(connection)
        while True:
            connection.send("x" * 1000)
            sent += 1

    with server(behave) as url, watching(url) as (hints, watcher):
        until(lambda: watcher.fresh)
        time.sleep(1.0)
        before = sent
        time.sleep(1.0)
        assert sent - before < 1000, "what is not read the server cannot send"
        assert waited(hints, tick=0.5) >= 0.5, "and a tick is a tick"


def test_an_address_of_another_kind_is_refused() -> None:
    assert Settings({}).hints_url("public") is None
    with pytest.raises(ConfigurationError, match=r"chain\.public\.ws_url") as refused:
        Hints.of(compose(["chain=local", "chain.public.ws_url=http://node/secret"]))
    assert "secret" not in str(refused.value)


class Watched(Hints):
    """Notes how calm the node was at each wait, and ends its life after some."""

    def __init__(self) -> None:
        super().__init__()
        self.calm: list[bool] = []

    def wait(self, stop: threading.Event, tick: float, *, calm: bool) -> None:
        self.calm.append(calm)
        if len(self.calm) == 3:
            stop.set()


def test_a_node_is_calm_when_it_follows_both_chains_and_nothing_is_under_way(life: Consortium) -> None:
    hints = Watched()
    node = Node(life.services[AURORA], hints=hints)
    node.run(threading.Event(), tick=0.01)
    assert hints.calm[-1] is node.health().ready is True


def test_a_node_whose_chain_is_down_is_not_calm(life: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(node: Node) -> bool:
        raise ChainError("down")

    hints = Watched()
    node = Node(life.services[AURORA], hints=hints)
    monkeypatch.setattr(Node, "tick", fails)
    node.run(threading.Event(), tick=0.01)
    assert hints.calm == [False] * 3
