"""A JSON-RPC server in front of a development chain that notes which way every conditional jump went."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tools.analysis.coverage.jumps import METADATA
from tools.analysis.outcome import AnalysisError

SENDS = ("eth_sendTransaction", "eth_sendRawTransaction")
SECONDS = 120
NOT_MINED = "transaction not found"
# Runs inside the node. Code under construction (c) is kept apart from code that runs (r): their positions differ. The
# end of running code tells which contract it is; the input of a creation is the code itself.
TRACER = """{
  hits: {}, kinds: [], inits: {},
  fault: function() {},
  enter: function(frame) {
    var kind = frame.getType(); this.kinds.push(kind);
    if (kind.indexOf("CREATE") == 0) this.inits[toHex(frame.getTo())] = toHex(frame.getInput());
  },
  exit: function() { this.kinds.pop(); },
  step: function(log) {
    if (log.op.toNumber() != 87) return;
    var kind = this.kinds.length ? this.kinds[this.kinds.length - 1] : "";
    var where = kind == "" ? "t" : kind.indexOf("CREATE") == 0 ? "c" : "r";
    var way = log.stack.peek(1).toString() != "0" ? 1 : 0;
    this.hits[where + ":" + toHex(log.contract.getAddress()) + ":" + log.getPC() + ":" + way] = 1;
  },
  result: function(ctx, db) {
    var ends = {}, hits = Object.keys(this.hits), top = ctx.type.indexOf("CREATE") == 0;
    for (var i = 0; i < hits.length; i++) {
      var address = hits[i].split(":")[1];
      if (hits[i][0] == "c" || (hits[i][0] == "t" && top) || ends[address]) continue;
      var code = toHex(db.getCode(address));
      ends[address] = code.substring(code.length - END);
    }
    return {top: top, input: top ? toHex(ctx.input) : "", hits: hits, inits: this.inits, ends: ends};
  }
}""".replace("END", str(2 * METADATA))


@dataclass
class Record:
    """What ran.

    Attributes:
        created: ways by creation code (with its arguments) and position. ran: by the end of runtime code and position.
        traces: transactions and calls traced.
    """

    created: dict[tuple[bytes, int], set[int]] = field(default_factory=dict)
    ran: dict[tuple[bytes, int], set[int]] = field(default_factory=dict)
    traces: int = 0

    def add(self, trace: dict[str, Any]) -> None:
        """Take in one answer of the tracer."""
        self.traces += 1
        for hit in trace["hits"]:
            where, address, position, way = hit.split(":")
            if where == "c" or (where == "t" and trace["top"]):
                code = trace["input"] if where == "t" else trace["inits"][address]
                ways = self.created.setdefault((_bytes(code), int(position)), set())
            else:
                ways = self.ran.setdefault((_bytes(trace["ends"][address]), int(position)), set())
            ways.add(int(way))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


class Recorder:
    """Forwards requests to the chain, and traces what they ran."""

    def __init__(self, url: str) -> None:
        self.url, self.record = url, Record()
        self.failures: list[str] = []
        self._lock = threading.Lock()

    def answer(self, body: bytes) -> bytes:
        """The chain's answer to a request of the tests."""
        answer = self._post(body)
        asked, answered = json.loads(body), json.loads(answer)
        pairs = zip(asked, answered, strict=True) if isinstance(asked, list) else [(asked, answered)]
        for question, reply in pairs:
            self._trace(question["method"], question.get("params", []), reply)
        return answer

    def _trace(self, method: str, parameters: list[Any], reply: dict[str, Any]) -> None:
        options = {"tracer": TRACER}
        if method in SENDS and "result" in reply:
            self._ask("debug_traceTransaction", [reply["result"], options])
        elif method == "eth_call":
            self._ask("debug_traceCall", [*parameters[:2], *["latest"][len(parameters) - 1 :], options])

    def _ask(self, method: str, parameters: list[Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
        end = time.monotonic() + SECONDS
        reply = json.loads(self._post(body))
        # under load the chain names a transaction before it has mined it
        while NOT_MINED in reply.get("error", {}).get("message", "") and time.monotonic() < end:
            time.sleep(0.02)
            reply = json.loads(self._post(body))
        with self._lock:
            if "result" in reply:
                self.record.add(reply["result"])
            else:
                self.failures.append(f"{method}: {reply['error']['message'][:200]}")

    def _post(self, body: bytes) -> bytes:
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            found: bytes = response.read()
            return found


@contextmanager
def recording(chain_port: int) -> Iterator[tuple[int, Recorder]]:
    """A recorder in front of the chain at `chain_port`: its port, and what it holds.

    Raises:
        AnalysisError: on leaving, when something could not be traced: the figures would be too low.
    """
    recorder = Recorder(f"http://127.0.0.1:{chain_port}")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            answer = recorder.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing: the tests' output is what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    if recorder.failures:
        raise AnalysisError(f"{len(recorder.failures)} traces failed, the first: {recorder.failures[0]}")
