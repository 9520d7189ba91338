"""A node's JSON-RPC with somebody in between, who can end things at the moment when a transaction passes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

SENDS = ("eth_sendRawTransaction", "eth_sendTransaction")


class Proxy:
    """Forwards everything to ``node``.

    Attributes:
        url: where it listens. sends: transactions that came by.
        at, when, act: at the ``at``-th transaction, ``before`` or ``after`` the node has it, do this; whoever sent it
            gets no answer then. 0 is never.
    """

    def __init__(self, node: str) -> None:
        self.node, self.url = node, ""
        self.sends, self.at, self.when = 0, 0, "before"
        self.act: Callable[[], None] = lambda: None

    def answer(self, body: bytes) -> bytes | None:
        question = json.loads(body)
        methods = [item["method"] for item in (question if isinstance(question, list) else [question])]
        self.sends += sum(method in SENDS for method in methods)
        now = any(method in SENDS for method in methods) and self.sends == self.at
        if now and self.when == "before":
            self.act()
            return None
        answer = requests.post(self.node, data=body, headers={"Content-Type": "application/json"}, timeout=60).content
        if now:
            self.act()
            return None
        return answer


@contextmanager
def proxy(node: str) -> Iterator[Proxy]:
    between = Proxy(node)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = between.answer(self.rfile.read(int(self.headers["Content-Length"])))
            if answer is None:
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    between.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield between
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
