"""A small web3signer: a real HTTP server that follows the public description of its ``eth1`` API."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from eth_keys import keys
from eth_utils.crypto import keccak

SIGN = re.compile(r"/api/v1/eth1/sign/(0x[0-9a-f]{128})")


@dataclass
class FakeSigner:
    """A signer.

    Attributes:
        keys: what it holds. asked: data that it was given. answer: replaces what it says to a signing.
        missing: bytes of each answer that it announces and does not send. pause: seconds before it hangs up then.
    """

    keys: list[keys.PrivateKey]
    url: str = ""
    asked: list[bytes] = field(default_factory=list)
    answer: Callable[[bytes, str], tuple[int, str]] | None = None
    missing: int = 0
    pause: float = 0.0

    def listed(self) -> tuple[int, str]:
        return 200, json.dumps([key.public_key.to_hex() for key in self.keys])

    def sign(self, identifier: str, body: bytes) -> tuple[int, str]:
        held = next((key for key in self.keys if key.public_key.to_hex() == identifier), None)
        if held is None:
            return 404, "Public Key not found"
        document = json.loads(body)
        if set(document) != {"data"} or not document["data"].startswith("0x"):
            return 400, "Bad request format"
        data = bytes.fromhex(document["data"][2:])
        self.asked.append(data)
        signature = held.sign_msg_hash(keccak(data))
        text = "0x" + (signature.to_bytes()[:64] + bytes([signature.v + 27])).hex()
        return (200, text) if self.answer is None else self.answer(data, text)


@contextmanager
def signer(*held: keys.PrivateKey) -> Iterator[FakeSigner]:
    fake = FakeSigner(list(held))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(*(fake.listed() if self.path == "/api/v1/eth1/publicKeys" else (404, "Not found")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found = SIGN.fullmatch(self.path)
            self.reply(*(fake.sign(found[1], body) if found else (404, "Not found")))

        def reply(self, status: int, text: str) -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(data) + fake.missing))
            self.end_headers()
            self.wfile.write(data)
            if fake.missing:
                time.sleep(fake.pause)
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
