"""Connection against a server that answers as told."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3 import HTTPProvider

from orchestrator.chain import connection as connecting
from orchestrator.chain.connection import Connection
from orchestrator.chain.port import RpcRefused
from orchestrator.errors import ChainError, ConfigurationError, WrongChain
from orchestrator.types import Address, Digest

Answer = Callable[[str, list[Any]], Any]
HASH = "0x" + "ab" * 32
BLOCK = {"number": "0x5", "hash": HASH, "parentHash": HASH, "timestamp": "0x1"}


class Node:
    """A JSON-RPC server whose ``answer`` gives results; ``body`` replaces whole answers."""

    def __init__(self) -> None:
        self.answer: Answer = lambda method, params: "0x1"
        self.body: bytes | None = None
        self.chain = "0x539"
        self.status = 200
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                out = json.dumps([node.reply(r) for r in request] if isinstance(request, list) else node.reply(request))
                data = out.encode() if node.body is None or node.is_check(request) else node.body
                self.send_response(node.status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def is_check(self, request: Any) -> bool:
        return isinstance(request, dict) and request["method"] in ("eth_chainId",)

    def reply(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["method"] == "eth_chainId":
            return {"jsonrpc": "2.0", "id": request["id"], "result": self.chain}
        answer = self.answer(request["method"], request["params"])
        kind = "error" if isinstance(answer, dict) and "message" in answer else "result"
        return {"jsonrpc": "2.0", "id": request["id"], kind: answer}

    def connect(self, chain_id: int = 1337) -> Connection:
        return Connection(self.url, chain_id, 2.0, retries=1)


@pytest.fixture
def node() -> Iterator[Node]:
    node = Node()
    yield node
    node.server.shutdown()
    node.server.server_close()
    node.thread.join()


def test_nobody_listens() -> None:
    with pytest.raises(ChainError, match=r"no answer from http://127\.0\.0\.1:1") as caught:
        Connection("http://127.0.0.1:1", 1, retries=1).block_number()
    assert "loranchor network up" in caught.value.mend


def test_no_address() -> None:
    with pytest.raises(ConfigurationError, match="no HTTP address"):
        Connection("localhost:8545", 1)


def test_another_chain_is_refused_before_anything_is_asked(node: Node) -> None:
    asked: list[str] = []
    node.answer = lambda method, params: asked.append(method) or "0x1"
    with pytest.raises(WrongChain, match="serves chain 1337, expected chain 5"):
        node.connect(5).block_number()
    assert asked == []


def test_refusals_carry_the_nodes_words(node: Node) -> None:
    node.answer = lambda method, params: {"code": 3, "message": "execution reverted", "data": "0x1234"}
    with pytest.raises(RpcRefused, match="eth_call was refused: execution reverted") as caught:
        node.connect().call(Address("0x" + "11" * 20), b"")
    assert (caught.value.rpc_message, caught.value.data) == ("execution reverted", "0x1234")


def test_a_block_that_was_not_asked_for(node: Node) -> None:
    node.answer = lambda method, params: BLOCK
    assert node.connect().block(5).hash == HASH
    with pytest.raises(ChainError, match="asked for block 6 and answered with block 5"):
        node.connect().block(6)


def test_a_receipt_of_another_transaction(node: Node) -> None:
    receipt = {"transactionHash": HASH, "blockNumber": "0x1", "blockHash": HASH, "status": "0x1", "gasUsed": "0x1"}
    node.answer = lambda method, params: {**receipt, "logs": []}
    assert node.connect().receipt(Digest(HASH)) is not None
    with pytest.raises(ChainError, match="asked for the receipt"):
        node.connect().receipt(Digest("0x" + "cd" * 32))
    node.answer = lambda method, params: {**receipt, "logs": [], "blockNumber": None}
    assert node.connect().receipt(Digest(HASH)) is None


def test_http_errors_and_pages(node: Node) -> None:
    connection = node.connect()
    connection.check()
    for body in (b"<html>hello</html>", b"", b"[]", b"{}", b"null", b'{"result":', b'"text"', b'{"error":"no"}'):
        node.body = body
        with pytest.raises(ChainError):
            node.connect().block_number()
        with pytest.raises(ChainError):
            node.connect().blocks([5])
    node.body, node.status = None, 503
    with pytest.raises(ChainError, match="HTTP 503"):
        connection.block_number()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of every pause, which nobody waits for."""
    found: list[float] = []
    monkeypatch.setattr(connecting.time, "sleep", found.append)
    return found


def test_a_slow_node_is_asked_once_more_later_and_for_longer(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    timeouts: list[float] = []

    def late(provider: HTTPProvider, *question: object) -> Any:
        timeouts.append(dict(provider.get_request_kwargs())["timeout"])
        raise requests.ReadTimeout("too late")

    monkeypatch.setattr(HTTPProvider, "_make_request", late)
    for timeout in (8.0, 300.0):
        with pytest.raises(ChainError, match="in time"):
            Connection("http://127.0.0.1:1", 1, timeout).block_number()
    assert timeouts == [8.0, 16.0, 300.0, 600.0]
    assert len(pauses) == 2 and 4.0 <= pauses[0] <= 8.0 and 7.5 <= pauses[1] <= 15.0
    with pytest.raises(ChainError, match="in time"):
        Connection("http://127.0.0.1:1", 1, 8.0, retries=1).block_number()
    assert len(timeouts) == 5 and len(pauses) == 2


def test_members_wait_for_different_times(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    def late(provider: HTTPProvider, *question: object) -> Any:
        raise requests.ReadTimeout("too late")

    monkeypatch.setattr(HTTPProvider, "_make_request", late)
    for _ in range(5):
        with pytest.raises(ChainError):
            Connection("http://127.0.0.1:1", 1).block_number()
    assert len(set(pauses)) == 5


@pytest.mark.parametrize("many", [False, True])
def test_what_a_slow_node_says_at_last_is_taken(node: Node, many: bool) -> None:
    """Its late answer to the first question is not taken for one to the second."""
    slow = iter((0.5, 0.0))

    def answer(method: str, params: list[Any]) -> Any:
        time.sleep(next(slow))
        return BLOCK if many else "0x7"

    connection = Connection(node.url, 1337, 0.3)
    node.answer = answer
    assert connection.block(5).hash == HASH if many else connection.block_number() == 7


def test_a_node_that_was_exchanged_is_noticed_after_a_failure(node: Node) -> None:
    connection = node.connect()
    connection.block_number()
    node.status = 500
    with pytest.raises(ChainError):
        connection.block_number()
    node.status, node.chain = 200, "0x1"
    with pytest.raises(WrongChain):
        connection.block_number()


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(["0x", "0x1", HASH, "0xzz"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*BLOCK, "logs", "x"]), inner, max_size=5)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JUNK)
def test_whatever_a_node_says_is_a_value_or_a_chain_error(node: Node, answer: Any) -> None:
    node.answer = lambda method, params: answer
    connection = node.connect()
    address, hash_ = Address("0x" + "11" * 20), Digest(HASH)
    for ask in (
        connection.block_number,
        lambda: connection.block(5),
        lambda: connection.logs([address], 0, 5),
        lambda: connection.transactions([hash_]),
        lambda: connection.code(address),
        lambda: connection.call(address, b""),
        lambda: connection.receipt(hash_),
        lambda: connection.send_raw(b"\x02"),
        lambda: connection.balance(address),
    ):
        with contextlib.suppress(ChainError):
            ask()


SECRET = "s3cret"


@pytest.mark.parametrize("at", ["http://user:s3cret@127.0.0.1:1", "http://127.0.0.1:1/v3/s3cret?key=s3cret"])
def test_no_error_and_no_log_shows_a_password(at: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    connection = Connection(at, 1, 0.5, retries=1)
    for ask in (connection.check, lambda: connection.blocks([1]), lambda: connection.transactions([Digest(HASH)])):
        with pytest.raises(ChainError, match=r"no answer from http://127\.0\.0\.1:1") as caught:
            ask()
        assert caught.value.__cause__ is None
        assert SECRET not in f"{caught.value} {caught.value.mend} {caplog.text}"
    assert SECRET not in connection.url


def test_answers_that_are_wrong_show_no_password_either(node: Node, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    at = node.url.replace("http://", f"http://user:{SECRET}@") + f"/v3/{SECRET}"
    with pytest.raises(WrongChain) as wrong:
        Connection(at, 5, retries=1).check()
    node.answer = lambda method, params: None
    with pytest.raises(ChainError, match="does not know transaction") as unknown:
        Connection(at, 1337, retries=1).transactions([Digest(HASH)])
    with pytest.raises(ChainError, match="has no block") as missing:
        Connection(at, 1337, retries=1).block(3)
    node.body = b"<html>"
    with pytest.raises(ChainError) as malformed:
        Connection(at, 1337, retries=1).block_number()
    node.status = 401
    with pytest.raises(ChainError, match="HTTP 401") as refused:
        Connection(at, 1337, retries=1).block_number()
    for caught in (wrong, unknown, missing, malformed, refused):
        assert SECRET not in str(caught.value)
    assert SECRET not in caplog.text


@pytest.mark.parametrize("at", ["ftp://user:s3cret@host", "user:s3cret@host:8545", "https://"])
def test_an_address_that_is_none_shows_no_password(at: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Connection(at, 1)
    assert SECRET not in str(caught.value)
