"""The files for a Besu network, as far as they can be checked without Besu: they parse, and fit what we expect."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tools.abi import standard_input
from tools.brownie.networks import live_networks
from tools.setup.paths import ROOT

FOLDER = ROOT / "deploy" / "networks" / "besu"


def test_the_genesis_runs_our_contracts_for_nothing() -> None:
    document: Any = json.loads((FOLDER / "qbft.json").read_text())
    genesis, config = document["genesis"], document["genesis"]["config"]
    besu = next(entry for entry in live_networks() if entry["id"] == "besu")
    assert config["chainId"] == besu["chainid"]
    assert standard_input()["settings"]["evmVersion"] == "shanghai" and config["shanghaiTime"] == 0
    assert config["zeroBaseFee"] is True and config["londonBlock"] == 0
    assert int(genesis["gasLimit"], 16) == 30_000_000
    assert document["blockchain"]["nodes"]["count"] >= 4  # fewer cannot do without one


def test_a_validator_asks_nothing_for_gas_and_its_rpc_stays_on_the_machine() -> None:
    services = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    (besu,) = services.values()
    assert "--min-gas-price=0" in besu["command"]
    rpc = [port for port in besu["ports"] if "8545" in port]
    assert rpc == ["127.0.0.1:8545:8545"]
