"""The recorder before a real chain: what ran is taken, the way that it went, and nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from orchestrator.localnet import automining_anvil
from tools.analysis.coverage.measure import OUTPUTS, Branch, Sources, branches, read_sources, taken
from tools.analysis.coverage.recorder import Recorder, recording
from tools.setup.solc import link_solc

PATH = "contracts/Box.sol"
SOURCE = """pragma solidity 0.8.30;
contract Lid {
    bool public open;
    constructor(bool open_) { if (open_) open = true; }
}
contract Box {
    uint256 public value;
    Lid public immutable lid;
    constructor(uint256 first) { if (first > 9) revert("large"); value = first; lid = new Lid(true); }
    function put(uint256 given, bool sure) external {
        if (given > 9 && !sure) revert("large");
        value = given == 3 ? 0 : given;
    }
    function peek(bool really) external view returns (uint256) {
        if (really || lid.open()) return value;
        return 0;
    }
}
"""


def compiled() -> tuple[dict[str, Any], dict[str, Any]]:
    outputs = {"*": {"*": [*OUTPUTS["*"]["*"], "evm.methodIdentifiers"], "": ["ast"]}}
    settings = {"outputSelection": outputs, "optimizer": {"enabled": True, "runs": 200}, "evmVersion": "shanghai"}
    asked = {"language": "Solidity", "sources": {PATH: {"content": SOURCE}}, "settings": settings}
    words = [link_solc(), "--standard-json"]
    done = subprocess.run(words, input=json.dumps(asked), capture_output=True, text=True, check=True)
    return asked, json.loads(done.stdout)


class Chain:
    """A Box on a recorded chain."""

    def __init__(self, port: int, recorder: Recorder) -> None:
        self.url, self.recorder = f"http://127.0.0.1:{port}", recorder
        asked, answered = compiled()
        self.sources: Sources = read_sources(asked, answered)
        self.evm = answered["contracts"][PATH]["Box"]["evm"]
        self.sender = self.ask("eth_accounts")["result"][0]
        self.box = ""

    def ask(self, method: str, *parameters: Any) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        answer: dict[str, Any] = requests.post(self.url, json=body, timeout=60).json()
        return answer

    def send(self, **terms: str) -> dict[str, Any]:
        terms = {"from": self.sender, "gas": hex(3_000_000), **terms}
        sent = self.ask("eth_sendTransaction", terms)["result"]
        while not (receipt := self.ask("eth_getTransactionReceipt", sent)["result"]):
            continue
        return dict(receipt)

    def deploy(self, first: int) -> None:
        self.box = self.send(data=f"0x{self.evm['bytecode']['object']}{first:064x}")["contractAddress"]

    def data(self, function: str, *words: int) -> str:
        return "0x" + self.evm["methodIdentifiers"][function] + "".join(f"{word:064x}" for word in words)

    def put(self, given: int, sure: int) -> None:
        self.send(to=self.box, data=self.data("put(uint256,bool)", given, sure))

    def taken(self) -> set[tuple[str, str, str]]:
        found = branches(self.sources, taken(self.sources, self.recorder.record))
        return {name(branch) for branch, gone in found.items() if gone}


def name(branch: Branch) -> tuple[str, str, str]:
    return branch.owner, branch.condition, branch.way


@pytest.fixture
def chain() -> Iterator[Chain]:
    with automining_anvil() as node, recording(node) as (port, recorder):
        yield Chain(port, recorder)


MADE = {("Box.constructor", "first > 9", "false"), ("Lid.constructor", "open_", "true")}
CHECK = "given > 9 && !sure"


def test_creation_and_what_it_creates(chain: Chain) -> None:
    chain.deploy(1)
    assert chain.taken() == MADE


def test_a_creation_that_fails(chain: Chain) -> None:
    chain.deploy(10)
    assert chain.taken() == {("Box.constructor", "first > 9", "true")}


@pytest.mark.parametrize(
    ("given", "sure", "expected"),
    [
        (1, 0, {(CHECK, "left side decides"), (CHECK, "false"), ("given == 3", "false")}),
        (3, 0, {(CHECK, "left side decides"), (CHECK, "false"), ("given == 3", "true")}),
        (10, 1, {(CHECK, "right side counts"), (CHECK, "false"), ("given == 3", "false")}),
        (10, 0, {(CHECK, "right side counts"), (CHECK, "true")}),
    ],
)
def test_transactions_go_the_way_that_they_went(
    chain: Chain, given: int, sure: int, expected: set[tuple[str, str]]
) -> None:
    chain.deploy(1)
    chain.put(given, sure)
    assert chain.taken() - MADE == {("Box.put", *one) for one in expected}


@pytest.mark.parametrize(
    ("really", "way"), [(1, "left side decides"), (0, "right side counts")], ids=["left", "right, in another contract"]
)
def test_calls_count_too(chain: Chain, really: int, way: str) -> None:
    chain.deploy(1)
    chain.ask("eth_call", {"to": chain.box, "data": chain.data("peek(bool)", really)}, "latest")
    condition = "really || lid.open()"
    assert chain.taken() - MADE == {("Box.peek", condition, way), ("Box.peek", condition, "true")}
