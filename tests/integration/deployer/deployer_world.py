"""Runs of a Deployer on real nodes: the public side on Anvil, the private side on Ganache."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from chain_nodes import fund
from eth_account import Account as EthAccount

from orchestrator.chain.connection import Connection
from orchestrator.deployment.account import KeyAccount
from orchestrator.deployment.deployer import Deployer
from orchestrator.types import Address
from scripts.compiler import compiled_contracts

ETHER = 10**18
Make = Callable[..., Deployer]


class Killed(BaseException):
    """Stands for the end of the process."""


class Deaf(Connection):
    """Answers nothing any more once a transaction was sent, as if the process had ended then."""

    def request(self, method: str, params: Any) -> Any:
        answer = super().request(method, params)
        if method in ("eth_sendRawTransaction", "eth_sendTransaction"):
            raise Killed
        return answer


@cache
def creation_code() -> dict[str, str]:
    return {name: compiled.creation for name, compiled in compiled_contracts().items()}


def side_of(chain: Connection) -> str:
    return "public" if chain.chain_id == 31337 else "private"


def run(deployer: Deployer) -> Deployer:
    deployer.run()
    return deployer


def nonce_of(chain: Connection, address: str) -> int:
    return int(chain.request("eth_getTransactionCount", [address, "latest"]), 16)


def key_account(folder: Path, chain: Connection, password: str = "horse") -> KeyAccount:
    made = EthAccount.create()
    path = folder / f"{made.address}.json"
    path.write_text(json.dumps(made.encrypt(password, iterations=2)))
    fund(chain, Address(made.address.lower()), 50)
    return KeyAccount(path, lambda: password)


def mining(chain: Connection, on: bool) -> None:
    """Start or stop making blocks for transactions; starting makes one of those that wait."""
    if side_of(chain) == "public":
        chain.request("evm_setAutomine", [on])
        if on:
            chain.request("evm_mine", [])
    else:
        chain.request("miner_start" if on else "miner_stop", [])
