"""A thin JSON-RPC client of one Anvil that mines a block for each transaction, over one connection that stays open."""

from __future__ import annotations

import http.client
import json
import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestrator.localnet import rpc
from orchestrator.localnet.checkout import anvil_command
from orchestrator.localnet.guard import Guard
from orchestrator.localnet.ports import HOST, PortPicker
from orchestrator.localnet.processes import spawn, stop, wait_until

CHAIN_ID = 31337
ACCOUNTS = 96
GAS = hex(20_000_000)


class Reverted(Exception):
    """The chain refused a call; ``data`` is what the contract said."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data.hex())
        self.data = data


class Anvil:
    """One node. ``height`` is its newest block, kept here since only this client makes blocks."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{HOST}:{port}"
        self._socket = socket.create_connection((HOST, port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = f"POST / HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: application/json\r\nContent-Length: "
        self.height = int(self.ask("eth_blockNumber"), 16)

    def ask(self, method: str, *params: Any) -> Any:
        """The result of one request; ``Reverted`` where it was a call that a contract refused."""
        return _result(method, self._post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))

    def views(self, calls: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """Answers of many views at the newest block, in one request."""
        batch = [
            {"jsonrpc": "2.0", "id": index, "method": "eth_call", "params": [_query(to, data), "latest"]}
            for index, (to, data) in enumerate(calls)
        ]
        answers = sorted(self._post(batch), key=lambda answer: answer["id"]) if batch else []
        return [bytes.fromhex(_result("eth_call", answer)[2:]) for answer in answers]

    def attempt(self, sender: str, to: str, data: bytes) -> bytes:
        """What a transaction would do in the next block; ``Reverted`` when it would be refused. Nothing is mined."""
        answer = self.ask("eth_call", {**_query(to, data), "from": sender, "gas": GAS}, "pending")
        return bytes.fromhex(answer[2:])

    def send(self, sender: str, to: str | None, data: bytes) -> dict[str, Any]:
        """A mined transaction's receipt, which the node signs with the key of ``sender``, one of its accounts."""
        where = {"to": to} if to else {}
        transaction = {**where, "from": sender, "data": "0x" + data.hex(), "gas": GAS}
        receipt: dict[str, Any] = self.ask("eth_sendTransactionSync", transaction)
        self.height = int(receipt["blockNumber"], 16)
        return receipt

    def mine(self, blocks: int) -> None:
        """Empty blocks."""
        self.ask("anvil_mine", hex(blocks))
        self.height += blocks

    def snapshot(self) -> tuple[str, int]:
        return self.ask("evm_snapshot"), self.height

    def revert(self, snapshot: tuple[str, int]) -> tuple[str, int]:
        """Back to a snapshot, which is used up by that: gives a new one of the same state."""
        assert self.ask("evm_revert", snapshot[0]), "the node does not know the snapshot"
        self.height = snapshot[1]
        return self.snapshot()

    def close(self) -> None:
        self._socket.close()

    def _post(self, body: Any) -> Any:
        """One request in one piece: http.client sends head and body apart, which wakes the node up twice."""
        text = json.dumps(body)
        self._socket.sendall(f"{self._head}{len(text)}\r\n\r\n{text}".encode())
        response = http.client.HTTPResponse(self._socket, method="POST")
        response.begin()
        return json.loads(response.read())


def _query(to: str, data: bytes) -> dict[str, str]:
    return {"to": to, "data": "0x" + data.hex()}


def _result(method: str, answer: dict[str, Any]) -> Any:
    if "error" not in answer:
        return answer["result"]
    error = answer["error"]
    if method == "eth_call" and error.get("code") == 3:
        raise Reverted(bytes.fromhex(str(error.get("data", "0x"))[2:]))
    raise AssertionError(f"{method}: {error}")


@contextmanager
def fresh_anvil() -> Iterator[Anvil]:
    """An Anvil with more accounts than the package's own one, and without tracing, which would slow every step."""
    with Guard() as guard, tempfile.TemporaryDirectory(prefix="anvil-") as scratch:
        with PortPicker() as ports:
            port = ports.pick()
        flags = ["--quiet", "--host", HOST, "--port", str(port), "--chain-id", str(CHAIN_ID)]
        flags += ["--accounts", str(ACCOUNTS), "--hardfork", "prague", "--prune-history"]  # no states on disk
        env = {**os.environ, **guard.mark, "TMPDIR": scratch, "HOME": scratch}
        process = spawn([*anvil_command(), *flags], Path(scratch) / "anvil.log", env)
        guard.watch(process.pid)
        client: Anvil | None = None
        try:
            ready = wait_until(lambda: rpc.chain_id(f"http://{HOST}:{port}") == CHAIN_ID, process, 30.0)
            assert ready, "Anvil did not start"
            client = Anvil(port)
            yield client
        finally:
            if client is not None:
                client.close()
            stop([process])
