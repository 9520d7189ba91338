"""What a daemon may do wrong, played by a small HTTP server, and what the store says then."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest
from local_server import Handler, serving

from orchestrator.errors import ConfigurationError, ObjectMissing, StorageError
from orchestrator.storage import IpfsStore, cid_of
from orchestrator.types import Cid

HELLO = b"hello world\n"
CID = cid_of(HELLO)
Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def daemon(answer: Answer) -> Iterator[IpfsStore]:
    class Daemon(Handler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            if self.headers.get("Transfer-Encoding") == "chunked":
                while size := int(self.rfile.readline(), 16):
                    self.rfile.read(size + 2)
                self.rfile.readline()
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer(self)

    with serving(Daemon) as url:
        yield IpfsStore(url)


def reply(body: bytes, status: int = 200, length: int | None = None) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    return answer


def refusal(message: str) -> Answer:
    return reply(json.dumps({"Message": message, "Code": 0, "Type": "error"}).encode(), 500)


def test_the_right_bytes_are_taken_and_counted() -> None:
    with daemon(reply(HELLO)) as store:
        assert store.fetch(CID, limit=len(HELLO)) == HELLO
        assert (store.bytes_received, store.bytes_sent) == (len(HELLO), 0)


@pytest.mark.parametrize("lie", [b"", b"hello", b"hello world\r", HELLO + b"x"])
def test_a_lying_node_is_caught(lie: bytes) -> None:
    with daemon(reply(lie)) as store:
        with pytest.raises(StorageError, match="are not the object Qm"):
            store.fetch(CID, limit=100)
        assert store.bytes_received == 0


def test_a_node_that_sends_without_end_is_cut_off() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(10**12))
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(bytes(1 << 16))
        except OSError:
            handler.close_connection = True

    with daemon(answer) as store, pytest.raises(StorageError, match="larger than the 1000000 bytes allowed"):
        store.fetch(CID, limit=1_000_000)


def test_a_node_that_trickles_is_given_up() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        try:
            for _ in range(100):
                handler.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            handler.close_connection = True

    started = time.monotonic()
    with daemon(answer) as store, pytest.raises(StorageError, match=r"took more than 0\.3 s"):
        store.fetch(CID, limit=1000, timeout=0.3)
    assert time.monotonic() - started < 5


def test_a_connection_that_breaks_is_said_so() -> None:
    with (
        daemon(reply(HELLO, length=1000)) as store,
        pytest.raises(StorageError, match=r"are not the object|broke while"),
    ):
        store.fetch(CID, limit=1000)


@pytest.mark.parametrize("message", ["Failed to cat file: request timed out", "context deadline exceeded"])
def test_a_daemon_that_finds_nobody_means_missing(message: str) -> None:
    with daemon(refusal(message)) as store:
        with pytest.raises(ObjectMissing, match=f"no IPFS node answered with {CID} within 2 s"):
            store.fetch(CID, limit=100, timeout=2)
        with pytest.raises(ObjectMissing, match="within 2 s"):
            store.pin(CID, timeout=2)


def test_a_silent_daemon_means_missing() -> None:
    with daemon(lambda handler: time.sleep(1.5)) as store, pytest.raises(ObjectMissing):
        store.fetch(CID, limit=100, timeout=0.2)


def test_a_refusal_is_passed_on() -> None:
    with (
        daemon(refusal("disk is full")) as store,
        pytest.raises(StorageError, match=r"refused to store .*disk is full"),
    ):
        store.add(HELLO)


def test_a_daemon_with_other_import_options_is_caught() -> None:
    other = json.dumps({"Name": "x", "Hash": "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"}).encode()
    with daemon(reply(other)) as store, pytest.raises(StorageError, match=f"where {CID} was expected"):
        store.add(HELLO)


@pytest.mark.parametrize("body", [b"<html>", b"{", b"[]", b"{}"])
def test_what_is_no_ipfs_api_is_said_so(body: bytes) -> None:
    with daemon(reply(body)) as store, pytest.raises(StorageError):
        store.identity()
    with daemon(reply(body, 404)) as store, pytest.raises(StorageError, match="is not an IPFS API"):
        store.identity()


def test_no_daemon_names_the_mend() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    store = IpfsStore(url)
    calls: list[Callable[[], object]] = [
        lambda: store.add(b""),
        lambda: store.fetch(CID, limit=1),
        lambda: store.pin(CID),
        lambda: store.unpin(CID),
        lambda: store.has(CID),
        store.collect,
        store.identity,
    ]
    for call in calls:
        with pytest.raises(StorageError, match=f"is the IPFS daemon running at {url}\\?") as caught:
            call()
        assert not isinstance(caught.value, ObjectMissing)


def test_a_proxy_in_the_environment_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with daemon(reply(HELLO)) as store:
        assert store.fetch(CID, limit=100) == HELLO


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999", "/dns/x/udp/1", "/ip4/1.2.3/tcp/1"]
)
def test_an_odd_address_is_a_setting_to_mend(url: str) -> None:
    with pytest.raises(ConfigurationError, match="not the address of an IPFS API"):
        IpfsStore(url)


@pytest.mark.parametrize("call", ["fetch", "pin", "unpin", "has"])
def test_a_malformed_cid_is_not_sent(call: str) -> None:
    store = IpfsStore("http://127.0.0.1:9")
    given = {"limit": 1} if call == "fetch" else {}
    with pytest.raises(StorageError, match="not a CID"):
        getattr(store, call)(Cid("bafy"), **given)
