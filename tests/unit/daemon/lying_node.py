"""A node's JSON-RPC over a chain in memory, byte by byte, with somebody in between who spoils answers.

Import it as ``from unit.daemon.lying_node import LyingNode``. ``connection()`` is the product's own Connection with its
HTTP session replaced, so that everything behind the socket is what runs in a daemon.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import requests

from orchestrator.chain.connection import Connection
from orchestrator.chain.memory import MemoryChain
from orchestrator.chain.port import Block, RawLog, RpcRefused
from orchestrator.errors import ChainError
from orchestrator.types import Address

REFUSED = (
    "silent", "in time", "status", "garbage", "empty", "truncated", "malformed", "late", "doubled", "another id",
    "swapped", "short", "null", "error", "odd error", "another chain", "another block", "another hash", "lower",
    "higher", "outside", "stranger", "without its block", "another transaction",
)  # fmt: skip
"""What a daemon must survive without a false fact: each is refused, waited for, or rolled back."""
WRONG = (None, -1, 1.5, "", "0x", "0xzz", "zz", [], {}, True, "0x" + "f" * 200, "\ud800", 10**400)


class LyingNode:
    """Attributes:
    trouble: share of the answers that are spoilt. kinds: how. told: kinds that happened.
    hidden: logs of these blocks are left out. edit: what is done to each list of logs.
    """

    def __init__(self, truth: MemoryChain) -> None:
        self.truth = truth
        self.trouble, self.random = 0.0, random.Random(0)
        self.kinds: tuple[str, ...] = REFUSED
        self.told: set[str] = set()
        self.hidden: set[int] = set()
        self.edit: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = lambda logs: logs
        self._last: dict[str, bytes] = {}

    def connection(self) -> Connection:
        made = Connection("http://127.0.0.1:1", self.truth.chain_id, retries=1)
        made._provider._request_session_manager.make_post_request = self._post  # type: ignore[method-assign]
        return made

    # -- the honest node

    def _post(self, url: str, body: bytes, **_: Any) -> bytes:
        question = json.loads(body)
        many = question if isinstance(question, list) else [question]
        answers, name = [self._answer(item) for item in many], many[0]["method"]
        honest = answers if isinstance(question, list) else answers[0]
        spoilt = self._spoilt(name, honest)
        self._last[name] = json.dumps(honest).encode()
        return spoilt

    def _answer(self, item: dict[str, Any]) -> dict[str, Any]:
        told = {"jsonrpc": "2.0", "id": item["id"]}
        try:
            return {**told, "result": getattr(self, item["method"])(*item["params"])}
        except RpcRefused as error:
            return {**told, "error": {"code": 3, "message": error.rpc_message, "data": error.data}}
        except ChainError:
            return {**told, "result": None}

    def eth_chainId(self) -> str:
        return hex(self.truth.chain_id)

    def eth_blockNumber(self) -> str:
        return hex(self.truth.block_number())

    def eth_getBlockByNumber(self, number: str, full: bool) -> dict[str, Any]:
        return block_json(self.truth.block(int(number, 16)))

    def eth_getTransactionByHash(self, hash_: Any) -> Any:
        return self.truth.transactions([hash_])[0]

    def eth_getLogs(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        topics = query["topics"][0] if query.get("topics") else ()
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        found = self.truth.logs(query["address"], first, last, topics)
        return self.edit([log_json(log) for log in found if log.block not in self.hidden])

    def eth_call(self, query: dict[str, Any], block: str) -> str:
        return "0x" + self.truth.call(Address(query["to"]), bytes.fromhex(query["data"][2:])).hex()

    # -- the liar

    def _spoilt(self, name: str, honest: Any) -> bytes:
        """The answer's bytes, or no answer."""
        if self.random.random() >= self.trouble:
            return json.dumps(honest).encode()
        kind = self.random.choice(self.kinds)
        self.told.add(kind)
        if kind == "silent":
            raise requests.ConnectionError("gone")
        if kind == "in time":
            raise requests.Timeout("slow")
        if kind == "status":
            refused = requests.Response()
            refused.status_code = 502
            raise requests.HTTPError("bad gateway", response=refused)
        data = json.dumps(honest).encode()
        match kind:
            case "garbage":
                return self.random.choice([b"<html>", b"\xff\xfe", b"null", b"[]", b"{}", b"7", b'"0x1"', b"[null]"])
            case "empty":
                return b""
            case "truncated":
                return data[: self.random.randrange(len(data))]
            case "late":
                return self._last.get(name, b"")
        lied = json.loads(data)
        single = isinstance(lied, dict)
        answers = [lied] if single else lied
        answers = self._lied(kind, name, answers)
        return json.dumps(answers[0] if single and answers else answers).encode()

    def _lied(self, kind: str, name: str, answers: list[Any]) -> list[Any]:
        place = self.random.randrange(len(answers))
        chosen = answers[place]
        result = chosen.get("result")
        match kind:
            case "malformed":
                if name != "eth_call":  # a view's answer may be any bytes: what it says is the node's word
                    self._damage(chosen)
                else:
                    chosen["result"] = self.random.choice(WRONG)
            case "doubled":
                if isinstance(result, list) and result:
                    result.append(self.random.choice(result))
                elif len(answers) > 1:
                    answers.append(chosen)
            case "another id":
                chosen["id"] = 10**9
            case "swapped":
                others = [answer["id"] for answer in answers]
                self.random.shuffle(others)
                for answer, id_ in zip(answers, others, strict=True):
                    answer["id"] = id_
            case "short":
                if len(answers) > 1:
                    answers.pop(place)
            case "null":
                chosen["result"] = None
            case "error":
                chosen["error"] = {"code": -32000, "message": "header not found"}
            case "odd error":
                chosen["error"] = self.random.choice(["no", 7, [], {}, {"message": None}])
                chosen.pop("result", None)
            case "another chain" if name == "eth_chainId":
                chosen["result"] = hex(self.truth.chain_id + 1)
            case "lower" | "higher" if name == "eth_blockNumber":
                step = self.random.randrange(1, 4) * (1 if kind == "higher" else -1)
                chosen["result"] = hex(max(self.truth.block_number() + step, 0))
            case _:
                self._replaced(kind, name, chosen)
        return answers

    def _replaced(self, kind: str, name: str, answer: dict[str, Any]) -> None:
        """Well-formed, and of something else."""
        result = answer.get("result")
        if name == "eth_getBlockByNumber" and isinstance(result, dict):
            number = int(result["number"], 16)
            if kind in ("another block", "another chain") and number:
                answer["result"] = block_json(self.truth.block(number - 1))
            elif kind == "another hash":
                result["hash"] = "0x" + self.random.randbytes(32).hex()
        elif name == "eth_getLogs" and result:
            log = self.random.choice(result)
            if kind == "outside":
                log["blockNumber"] = hex(int(log["blockNumber"], 16) + 10**6)
            elif kind == "stranger":
                log["address"] = "0x" + "77" * 20
            elif kind == "another hash":
                log["blockHash"] = "0x" + "77" * 32
            elif kind == "without its block":
                log["blockHash"] = log["blockNumber"] = None
            elif kind == "another transaction":
                log["transactionHash"] = "0x" + "77" * 32
        elif name == "eth_getTransactionByHash" and isinstance(result, dict):
            if kind == "another transaction":
                answer["result"] = {**result, "nonce": "0x77"}
            elif kind == "another hash":
                answer["result"] = {**result, "blockHash": "0x" + "77" * 32}
            elif kind == "without its block":
                answer["result"] = {**result, "blockHash": None, "blockNumber": None}

    def _damage(self, answer: dict[str, Any]) -> None:
        """One value anywhere in the answer becomes of another kind."""
        places: list[tuple[Any, Any]] = [(answer, "result")]
        waiting = [answer.get("result")]
        while waiting:
            item = waiting.pop()
            keys: Any = range(len(item)) if isinstance(item, list) else list(item) if isinstance(item, dict) else ()
            places += [(item, key) for key in keys]
            waiting += [item[key] for key in keys]
        holder, key = self.random.choice(places)
        holder[key] = self.random.choice(WRONG)


def block_json(block: Block) -> dict[str, Any]:
    fee = {} if block.base_fee is None else {"baseFeePerGas": hex(block.base_fee)}
    named = {"hash": block.hash, "parentHash": block.parent_hash, "timestamp": hex(block.timestamp)}
    return {"number": hex(block.number), **named, **fee}


def log_json(log: RawLog) -> dict[str, Any]:
    return {
        "address": log.address,
        "topics": list(log.topics),
        "data": "0x" + log.data.hex(),
        "blockNumber": hex(log.block),
        "blockHash": log.block_hash,
        "transactionHash": log.transaction,
        "logIndex": hex(log.log_index),
        "removed": False,
    }
