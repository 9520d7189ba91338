"""Small HTTP servers that answer as a chain's node or an IPFS daemon does, each in a state that a test plants."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ZERO = "0x" + "00" * 32


@contextmanager
def served(answer: Any) -> Iterator[str]:
    """``answer(path, body) -> JSON value`` behind a loopback address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            data = json.dumps(answer(self.path, body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def node(chain_id: int, *, age: float = 0, syncing: Any = False) -> Iterator[str]:
    """A node of that chain whose newest block is ``age`` seconds old."""

    def block() -> Mapping[str, Any]:
        stamp = hex(int(time.time() - age))
        return {"number": "0x7", "hash": ZERO, "parentHash": ZERO, "timestamp": stamp, "baseFeePerGas": "0x0"}

    def one(question: Mapping[str, Any]) -> Mapping[str, Any]:
        results = {"eth_chainId": hex(chain_id), "eth_blockNumber": "0x7", "eth_syncing": syncing}
        result = block() if question["method"] == "eth_getBlockByNumber" else results.get(question["method"], "0x")
        return {"jsonrpc": "2.0", "id": question["id"], "result": result}

    def answer(path: str, body: bytes) -> Any:
        question = json.loads(body)
        return [one(item) for item in question] if isinstance(question, list) else one(question)

    with served(answer) as url:
        yield url


@contextmanager
def ipfs(agent: str) -> Iterator[str]:
    """An IPFS daemon of that version."""
    with served(lambda path, body: {"ID": "12D3KooW", "AgentVersion": agent, "Addresses": []}) as url:
        yield url
