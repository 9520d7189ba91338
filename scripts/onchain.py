"""Small questions to the chain that Brownie is connected to, and to the committed artifacts."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from brownie import project, web3
from eth_utils import keccak, to_checksum_address
from web3.exceptions import TimeExhausted, TransactionNotFound

from orchestrator import deployment as d
from orchestrator.errors import ChainError, EnvironmentMissing

ABI = Path(__file__).resolve().parents[1] / "orchestrator" / "chain" / "abi"


def checksum(address: str) -> str:
    return str(to_checksum_address(address))


def code_at(address: str) -> bytes:
    return bytes(web3.eth.get_code(checksum(address)))


def transaction_exists(transaction: str) -> bool:
    try:
        web3.eth.get_transaction(transaction)
    except TransactionNotFound:
        return False
    return True


def artifact(name: str) -> dict[str, Any]:
    """The committed ABI file, which must be what Brownie has just compiled.

    Raises:
        EnvironmentMissing: the sources have changed since it was made.
    """
    document: dict[str, Any] = json.loads((ABI / f"{name}.json").read_text("utf-8"))
    compiled = project.get_loaded_projects()[0]._build.get(name)["deployedBytecode"]
    if "0x" + keccak(hexstr=compiled).hex() != document["code_hash"]:
        raise EnvironmentMissing(
            f"orchestrator/chain/abi/{name}.json is not what the sources compile to", mend="run `python -m tools.abi`"
        )
    return document


def is_ours(name: str, address: str) -> bool:
    """Whether the code at an address is what the sources compile to."""
    known = artifact(name)
    return "0x" + keccak(d.masked(code_at(address), known["immutables"])).hex() == known["code_hash"]


def created_address(sender: str, nonce: int) -> str:
    """The address of the contract that a transaction creates: keccak of the RLP list [sender, nonce]."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    encoded = number if len(number) == 1 and number[0] < 0x80 else bytes([0x80 + len(number)]) + number
    body = b"\x94" + bytes.fromhex(sender[2:]) + encoded
    return "0x" + keccak(bytes([0xC0 + len(body)]) + body)[12:].hex()


def creation(address: str, sender: str, first_block: int) -> tuple[int, str]:
    """Block and hash of the transaction that created a contract, looked for from ``first_block`` on.

    Raises:
        ChainError: there is none.
    """
    for number in range(first_block, web3.eth.block_number + 1):
        for transaction in web3.eth.get_block(number, full_transactions=True)["transactions"]:
            made = transaction.get("to") is None and transaction["from"].lower() == sender.lower()
            if made and created_address(sender, transaction["nonce"]) == address:
                return number, "0x" + bytes(transaction["hash"]).hex()
    raise ChainError(f"no transaction since block {first_block} has created {address}")


def wait_until_idle(sender: str) -> None:
    """Until none of an account's transactions is on its way.

    Raises:
        ChainError: it took more than five minutes.
    """
    end = time.monotonic() + 300
    while web3.eth.get_transaction_count(sender, "pending") > web3.eth.get_transaction_count(sender, "latest"):
        if time.monotonic() > end:
            raise ChainError(f"transactions of {sender} are not mined", mend="wait, then run this again")
        time.sleep(0.5)


def succeeded(transaction: str) -> bool:
    """Whether a transaction did what it was sent for; waits until it is mined."""
    try:
        return bool(web3.eth.wait_for_transaction_receipt(transaction, timeout=300)["status"] == 1)
    except TimeExhausted as error:
        raise ChainError(f"transaction {transaction} is not mined", mend="wait, then run this again") from error


def join_brownie() -> None:
    """Until Brownie's threads are done with the transactions: one that outlives the connection prints a traceback."""
    for thread in threading.enumerate():
        if any(target in thread.name for target in ("_await_confirmation", "_add_from_tx")):
            thread.join(60)
