"""Deploys and calls contracts on one node with signed transactions of our own accounts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from benchmarks.gas.compiler import compiled
from benchmarks.gas.keys import Key
from benchmarks.gas.meter import Meter, Usage, calldata_floor
from orchestrator.chain.abi import Artifact, signature_of
from orchestrator.chain.codec import decode_values, encode_call, encode_values
from orchestrator.chain.connection import Connection
from orchestrator.chain.port import Receipt, RpcRefused
from orchestrator.chain.reverts import reverted
from orchestrator.errors import ChainError
from orchestrator.types import Address, Digest

GAS_LIMIT = 30_000_000
"""A whole block of the local chains: a transaction that needs more could not be mined there."""
GAS_PRICE = 2 * 10**9
BALANCE = hex(10**24)
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.002


class Chain:
    """One node, the nonces of our accounts and the contracts that we know on it."""

    def __init__(self, connection: Connection, meter: Meter) -> None:
        self.connection, self.meter = connection, meter
        self.artifacts: dict[Address, Artifact] = {}
        self._nonces: dict[Address, int] = {}

    def deploy(self, name: str, arguments: Sequence[Any], sender: Key, variant: str | None = "") -> Contract:
        """Deploy a contract; noted as the entry point `constructor`, not at all for the variant None."""
        source = compiled()[name]
        entries = source.artifact.document["abi"]
        inputs: list[Any] = next((entry["inputs"] for entry in entries if entry["type"] == "constructor"), [])
        data = source.creation + encode_values(inputs, arguments, name)
        receipt = self.transact(sender, None, data, f"{name}.constructor")
        raw = self.connection.request("eth_getTransactionReceipt", [receipt.transaction])
        contract = self.at(name, Address(raw["contractAddress"].lower()))
        if variant is not None:
            self.meter.note(receipt, Usage(name, "constructor", variant, receipt.gas_used, len(data)), self.artifacts)
        return contract

    def at(self, name: str, address: Address) -> Contract:
        """A contract that is there already."""
        self.artifacts[address] = compiled()[name].artifact
        return Contract(self, compiled()[name].artifact, address)

    def transact(self, sender: Key, to: Address | None, data: bytes, what: str) -> Receipt:
        """A mined transaction; ``TransactionReverted`` when the contract refuses."""
        if sender.address not in self._nonces:
            self.connection.request("anvil_setBalance", [sender.address, BALANCE])
        nonce = self._nonces.setdefault(sender.address, 0)
        terms: dict[str, Any] = {"nonce": nonce, "gas": GAS_LIMIT, "gasPrice": GAS_PRICE, "value": 0, "data": data}
        terms |= {"chainId": self.connection.chain_id, "to": b"" if to is None else bytes.fromhex(to[2:])}
        signed = sender.account.sign_transaction(terms)
        hash_ = self.connection.send_raw(bytes(signed.raw_transaction))
        self._nonces[sender.address] = nonce + 1
        receipt = self._receipt(hash_)
        if not receipt.succeeded:
            raise reverted(what, self._reason(sender, to, data))
        return receipt

    def inner(self, receipt: Receipt, inside: str, contract: Contract, function: str, variant: str = "") -> None:
        """Note what a call between contracts cost within a transaction, by Anvil's call tracer."""
        trace = self.connection.request("debug_traceTransaction", [receipt.transaction, {"tracer": "callTracer"}])
        selector = "0x" + keccak(text=signature_of(contract.artifact.functions[function]))[:4].hex()
        calls = (call for call in _calls(trace) if (call.get("to"), call["input"][:10]) == (contract.address, selector))
        call = next(calls, None)
        if call is None:
            raise ChainError(f"{inside} made no call to {contract.artifact.name}.{function}")
        size = (len(call["input"]) - 2) // 2
        usage = Usage(contract.artifact.name, function, variant, int(call["gasUsed"], 16), size, inside)
        self.meter.usages.append(usage)

    def _receipt(self, hash_: Digest) -> Receipt:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            receipt = self.connection.receipt(hash_)
            if receipt is not None:
                return receipt
            time.sleep(POLL_SECONDS)
        raise ChainError(f"{hash_} was not mined within {PATIENCE_SECONDS:.0f} seconds")

    def _reason(self, sender: Key, to: Address | None, data: bytes) -> bytes:
        query = {"from": sender.address, "data": "0x" + data.hex(), "gas": hex(GAS_LIMIT)} | ({"to": to} if to else {})
        try:
            self.connection.request("eth_call", [query, "latest"])
        except RpcRefused as error:
            return bytes.fromhex(str(error.data or "0x").removeprefix("0x"))
        return b""


@dataclass(frozen=True)
class Contract:
    """A deployed contract. Values are in the Python form of :mod:`orchestrator.chain.codec`."""

    chain: Chain
    artifact: Artifact
    address: Address

    def send(self, function: str, *arguments: Any, sender: Key, variant: str | None = None) -> Receipt:
        """A transaction; noted under its variant ("" for the plain case), not at all for None."""
        data = encode_call(self.artifact.functions[function], arguments)
        receipt = self.chain.transact(sender, self.address, data, f"{self.artifact.name}.{function}")
        if variant is not None:
            floor = receipt.gas_used == calldata_floor(data)
            usage = Usage(self.artifact.name, function, variant, receipt.gas_used, len(data), floor=floor)
            self.chain.meter.note(receipt, usage, self.chain.artifacts)
        return receipt

    def read(self, function: str, *arguments: Any) -> Any:
        """The first value of a view."""
        entry = self.artifact.functions[function]
        answer = self.chain.connection.call(self.address, encode_call(entry, arguments))
        return decode_values(entry["outputs"], answer, f"{self.artifact.name}.{function}")[0]

    def emitted(self, receipt: Receipt, event: str, argument: int) -> Digest:
        """An indexed argument of an event that the transaction left."""
        topic = self.artifact.topic(event)
        return next(log.topics[argument] for log in receipt.logs if log.topics[0] == topic)


def _calls(frame: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield frame
    for call in frame.get("calls", []):
        yield from _calls(call)
