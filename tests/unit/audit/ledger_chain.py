"""A chain in memory whose contracts say what a test wants them to say, in transactions that are really signed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import rlp
from coincurve import PrivateKey
from eth_utils.crypto import keccak
from unit.ledger.actors import address_of_key

from orchestrator.chain.abi import artifact, signature_of
from orchestrator.chain.codec import encode_call, encode_values
from orchestrator.chain.memory import GAS, MemoryChain
from orchestrator.chain.port import RawLog, Receipt
from orchestrator.ledger.schema import snake_case
from orchestrator.types import Address, Digest

Told = tuple[str, str, dict[str, Any]]
"""Contract, event, and its arguments by snake_case name."""


@dataclass
class LedgerChain(MemoryChain):
    """A chain whose contracts are names.

    Attributes:
        addresses: by contract. codes: by address. views: answers by (contract, view), computed when asked.
    """

    addresses: dict[str, Address] = field(default_factory=dict)
    codes: dict[Address, bytes] = field(default_factory=dict)
    views: dict[tuple[str, str], Callable[[], Sequence[Any]]] = field(default_factory=dict)

    def transact(self, key: PrivateKey, to: Address | None, data: bytes, told: Sequence[Told] = ()) -> Digest:
        """One signed transaction in a block of its own, with the events it makes."""
        sender = address_of_key(key)
        target = b"" if to is None else bytes.fromhex(to[2:])
        fees = [1, 2_000_000_000]
        body = [self.chain_id, self.transaction_count(sender), *fees, GAS, target, 0, data, []]
        signature = key.sign_recoverable(keccak(b"\x02" + rlp.encode(body)), hasher=None)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        hash_ = Digest("0x" + keccak(b"\x02" + rlp.encode([*body, signature[64], r, s])).hex())
        fields = {
            "chainId": self.chain_id,
            "nonce": body[1],
            "maxPriorityFeePerGas": fees[0],
            "maxFeePerGas": fees[1],
            "gas": GAS,
            "to": to,
            "value": 0,
            "input": data,
            "type": 2,
            "yParity": signature[64],
            "r": r,
            "s": s,
            "from": sender,
        }
        self.mine()
        block = self._blocks[-1]
        logs = tuple(
            self._log(index, hash_, block.number, block.hash, contract, event, values)
            for index, (contract, event, values) in enumerate(told)
        )
        self._logs += logs
        self._mined[hash_] = (fields, Receipt(hash_, block.number, block.hash, True, GAS, logs))
        return hash_

    def call_data(self, contract: str, function: str, *arguments: Any) -> bytes:
        return encode_call(artifact(contract).functions[function], arguments)

    def code(self, address: Address) -> bytes:
        return self.codes.get(address, b"")

    def call(self, to: Address, data: bytes, *, sender: Address | None = None, block: int | None = None) -> bytes:
        for (contract, view), answer in self.views.items():
            entry = artifact(contract).functions[view]
            if self.addresses[contract] == to and keccak(text=signature_of(entry))[:4] == data[:4]:
                return encode_values(entry["outputs"], answer(), view)
        return b""

    def _log(
        self, index: int, hash_: Digest, number: int, block_hash: Digest, contract: str, event: str, values: Any
    ) -> RawLog:
        found = artifact(contract)
        topic = found.topic(event)
        entry = found.events[topic]
        named = {part["name"]: values[snake_case(part["name"])] for part in entry["inputs"]}
        indexed = [part for part in entry["inputs"] if part["indexed"]]
        plain = [part for part in entry["inputs"] if not part["indexed"]]
        topics = [Digest("0x" + encode_values([part], [named[part["name"]]], event).hex()) for part in indexed]
        data = encode_values(plain, [named[part["name"]] for part in plain], event)
        address = self.addresses[contract]
        return RawLog(address, (topic, *topics), data, number, block_hash, hash_, index)
